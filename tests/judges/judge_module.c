/* A PAM module that does to its application what a bad or an unusual module does.
 * Arguments, for the calls of the section it stands in (auth, or session):
 *   ask=apart     asks for three secrets, one conversation each; they must be one, two and three
 *   ask=together  the same in one conversation
 *   error=WORD    shows WORD as an error and goes on
 *   hang          never returns
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <security/pam_modules.h>
#include <security/pam_appl.h>

static const char *const questions[] = {"First secret: ", "Second secret: ", "Third secret: "};
static const char *const answers[] = {"one", "two", "three"};

static int converse(pam_handle_t *pamh, int style, const char *const *texts, int count, const char *const *expected) {
    const struct pam_conv *conv = NULL;
    struct pam_message messages[3];
    const struct pam_message *pointers[3];
    struct pam_response *responses = NULL;
    int rc = PAM_SUCCESS;

    if (pam_get_item(pamh, PAM_CONV, (const void **) &conv) != PAM_SUCCESS || !conv)
        return PAM_CONV_ERR;
    for (int i = 0; i < count; i++) {
        messages[i].msg_style = style;
        messages[i].msg = texts[i];
        pointers[i] = &messages[i];
    }
    if (conv->conv(count, pointers, &responses, conv->appdata_ptr) != PAM_SUCCESS)
        return PAM_CONV_ERR;
    for (int i = 0; i < count && responses; i++) {
        if (expected && (!responses[i].resp || strcmp(responses[i].resp, expected[i]) != 0))
            rc = PAM_AUTH_ERR;
        free(responses[i].resp);
    }
    free(responses);
    return rc;
}

static int behave(pam_handle_t *pamh, int argc, const char **argv) {
    int rc = PAM_SUCCESS;
    for (int i = 0; i < argc && rc == PAM_SUCCESS; i++) {
        if (strcmp(argv[i], "ask=together") == 0)
            rc = converse(pamh, PAM_PROMPT_ECHO_OFF, questions, 3, answers);
        else if (strcmp(argv[i], "ask=apart") == 0)
            for (int n = 0; n < 3 && rc == PAM_SUCCESS; n++)
                rc = converse(pamh, PAM_PROMPT_ECHO_OFF, questions + n, 1, answers + n);
        else if (strncmp(argv[i], "error=", 6) == 0) {
            const char *text = argv[i] + 6;
            rc = converse(pamh, PAM_ERROR_MSG, &text, 1, NULL);
        } else if (strcmp(argv[i], "hang") == 0)
            for (;;)
                pause();
    }
    return rc;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return PAM_SUCCESS;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, argc, argv);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return PAM_SUCCESS;
}
