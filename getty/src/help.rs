//! What `getty --help` says. The manual is docs/man/getty.8.scd; a test keeps the two together.

/// The text of `--help`.
pub(crate) const HELP: &str = "\
Usage:
  getty [OPTION]... LINE [BAUD,...] [TERM]
  getty [OPTION]... BAUD,... LINE [TERM]
  getty [OPTION]... --lines LINE,... [BAUD,...] [TERM]
  getty [OPTION]... --lines-from FOLDER

Opens the terminal /dev/LINE, asks for a name and becomes login.
A LINE of `-` is the terminal that standard input is open on.
With --lines or --lines-from it stays, keeps all these lines, and starts a
login on each line that a name is typed on. SIGHUP: read the files again.

Options:
  -8, --8bits                assume a terminal of 8 bits: guess no parity
  -a, --autologin NAME       log NAME in without asking
  -c, --noreset              leave the control modes of the line as they are
  -C, --chdir FOLDER         run login in FOLDER
  -d, --delay SECONDS        wait before the line is opened
  -E, --remote               tell login the host, or that there is none
  -f, --issue-file LIST      show these files and folders instead of the issue
  -h, --flow-control         use RTS/CTS flow control
  -H, --host HOST            record HOST as where people come from
  -i, --noissue              show no issue
  -I, --init-string STRING   send STRING to the line first
  -J, --noclear              do not clear the screen
  -l, --login-program FILE   run FILE instead of login
  -L, --local-line[=MODE]    carrier: always ignored, never ignored, or auto
  -m, --extract-baud         set the speed that the modem tells
  -n, --skip-login           let login ask for the name
  -N, --nonewline            print no empty line before the issue
  -o, --login-options WORDS  call login with WORDS; \\u stands for the name
  -p, --login-pause          wait for a key before the prompt or an autologin
  -P, --nice NUMBER          add NUMBER to login's niceness
  -r, --chroot FOLDER        make FOLDER login's root
  -R, --hangup               hang the line up in any case
  -s, --keep-baud            try the speed that the line has first
  -t, --timeout SECONDS      end if no name was given in time
  -U, --detect-case          recognise a terminal that has capitals only
  -w, --wait-cr              wait for Enter before the issue is shown
      --erase-chars CHARS    erase a character with these keys too
      --kill-chars CHARS     erase the line with these keys too
      --lines LINE,...       keep these lines
      --lines-from FOLDER    keep the lines of the *.conf files in FOLDER, see
                             ttys.d(5); without a /, in /etc, /run and /usr/lib
      --list-speeds          print the usual speeds and end
      --long-hostname        show the host's full name in the prompt
      --nohangup             never hang the line up
      --nohints              do not tell which keys are locked
      --nohostname           show no host name in the prompt
      --onifconsole          wait until the kernel has the line for a console
      --onifexists           wait until the line exists
      --ready-fd N           write a newline to descriptor N when lines are kept
      --reload               have all waiting gettys read their issue again
      --show-issue           print the issue and end
      --help                 print this and end
      --version              print the version and end
";
