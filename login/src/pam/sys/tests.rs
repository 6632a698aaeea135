//! The callback, called as libpam (and as a broken module) would call it.

use zeroize::Zeroizing;

use super::*;

/// Answers every question with its own text, and remembers what it was told.
#[derive(Default)]
struct Echo {
    told: Vec<(Notice, Vec<u8>)>,
    asked: Vec<Question>,
    panics: bool,
}

impl Conversation for Echo {
    fn ask(&mut self, question: Question, text: &[u8]) -> Result<Answer, Unanswered> {
        assert!(!self.panics);
        self.asked.push(question);
        Answer::new(Zeroizing::new(text.to_vec())).ok_or(Unanswered)
    }

    fn tell(&mut self, notice: Notice, text: &[u8]) {
        self.told.push((notice, text.to_vec()));
    }
}

/// Calls the callback with these messages; the answers, or the code.
fn conversed(echo: &mut Echo, messages: &[(c_int, &CStr)]) -> Result<Vec<Option<Vec<u8>>>, c_int> {
    let messages: Vec<_> =
        messages.iter().map(|(style, text)| pam_message { msg_style: *style, msg: text.as_ptr() }).collect();
    let mut pointers: Vec<*const pam_message> = messages.iter().map(ptr::from_ref).collect();
    let mut shared = Shared { conversation: std::mem::take(echo), handle: ptr::null(), delay: Duration::ZERO };
    let mut responses: *mut pam_response = ptr::null_mut();
    let count = c_int::try_from(pointers.len()).expect("few");
    let code = converse::<Echo>(count, pointers.as_mut_ptr(), &raw mut responses, (&raw mut shared).cast());
    *echo = shared.conversation;
    let Some(array) = NonNull::new(responses) else { return Err(code) };
    assert_eq!(code, ffi::PAM_SUCCESS);
    // SAFETY: the callback gave an array as long as the messages.
    let answers = unsafe { std::slice::from_raw_parts(array.as_ptr(), messages.len()) };
    let answers: Vec<_> =
        answers.iter().map(|answer| NonNull::new(answer.resp).map(|text| taken(text).into_bytes())).collect();
    // SAFETY: the array is ours, its strings were taken.
    unsafe { libc::free(array.as_ptr().cast()) };
    Ok(answers)
}

#[test]
fn questions_are_answered_and_messages_are_told_in_order() {
    let mut echo = Echo::default();
    let answers = conversed(
        &mut echo,
        &[
            (ffi::PAM_ERROR_MSG, c"expired"),
            (ffi::PAM_PROMPT_ECHO_OFF, c"secret"),
            (ffi::PAM_TEXT_INFO, c"hello"),
            (ffi::PAM_PROMPT_ECHO_ON, c"alice"),
        ],
    );
    assert_eq!(answers, Ok(vec![None, Some(b"secret".to_vec()), None, Some(b"alice".to_vec())]));
    assert_eq!(echo.told, [(Notice::Error, b"expired".to_vec()), (Notice::Info, b"hello".to_vec())]);
    assert_eq!(echo.asked, [Question::Hidden, Question::Name], "without a user, what is visible is the name");
}

#[test]
fn a_broken_module_gets_a_conversation_error_and_no_memory() {
    let mut echo = Echo::default();
    assert_eq!(conversed(&mut echo, &[]), Err(ffi::PAM_CONV_ERR), "no message");
    assert_eq!(conversed(&mut echo, &[(ffi::PAM_TEXT_INFO, c"x"); 33]), Err(ffi::PAM_CONV_ERR), "too many");
    assert_eq!(conversed(&mut echo, &[(7, c"binary")]), Err(ffi::PAM_CONV_ERR), "an unknown style");
    assert_eq!(echo.asked, []);
    for (messages, appdata) in [(true, false), (false, true), (false, false)] {
        let message = pam_message { msg_style: ffi::PAM_TEXT_INFO, msg: ptr::null() };
        let mut pointers = [&raw const message];
        let mut shared = Shared { conversation: Echo::default(), handle: ptr::null(), delay: Duration::ZERO };
        let pointers = if messages { pointers.as_mut_ptr() } else { ptr::null_mut() };
        let appdata = if appdata { (&raw mut shared).cast() } else { ptr::null_mut() };
        let mut responses = ptr::null_mut();
        assert_eq!(converse::<Echo>(1, pointers, &raw mut responses, appdata), ffi::PAM_CONV_ERR);
        assert!(responses.is_null());
    }
}

#[test]
fn a_panic_in_the_conversation_stays_in_it() {
    let mut echo = Echo { panics: true, ..Echo::default() };
    assert_eq!(conversed(&mut echo, &[(ffi::PAM_PROMPT_ECHO_OFF, c"secret")]), Err(ffi::PAM_CONV_ERR));
}

#[test]
fn an_answer_too_long_for_pam_ends_the_conversation() {
    let long = CString::new(vec![b'a'; 600]).expect("no NUL");
    let messages = [(ffi::PAM_PROMPT_ECHO_OFF, c"first"), (ffi::PAM_PROMPT_ECHO_OFF, long.as_c_str())];
    assert_eq!(conversed(&mut Echo::default(), &messages), Err(ffi::PAM_CONV_ERR));
}

#[test]
fn a_delay_is_that_of_a_failure() {
    let mut shared = Shared { conversation: Echo::default(), handle: ptr::null(), delay: Duration::ZERO };
    delayed::<Echo>(ffi::PAM_SUCCESS, 7, (&raw mut shared).cast());
    delayed::<Echo>(ffi::PAM_AUTH_ERR, 7, ptr::null_mut());
    assert_eq!(shared.delay, Duration::ZERO);
    delayed::<Echo>(ffi::PAM_AUTH_ERR, 7, (&raw mut shared).cast());
    assert_eq!(shared.delay, Duration::from_micros(7));
}
