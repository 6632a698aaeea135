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
  -8, --8bits                assume a terminal of 8 bits (always so)
  -a, --autologin NAME       log NAME in without asking
  -c, --noreset              leave the control modes of the line as they are
  -f, --issue-file LIST      show these files and folders instead of the issue
  -h, --flow-control         use RTS/CTS flow control
  -i, --noissue              show no issue
  -J, --noclear              do not clear the screen
  -l, --login-program FILE   run FILE instead of login
  -L, --local-line[=MODE]    carrier: always ignored, never ignored, or auto
  -n, --skip-login           let login ask for the name
  -N, --nonewline            print no empty line before the issue
  -o, --login-options WORDS  call login with WORDS; \\u stands for the name
  -p, --login-pause          wait for a key before an autologin
  -R, --hangup               hang the line up first
  -s, --keep-baud            try the speed that the line has first
  -t, --timeout SECONDS      end if no name was given in time
  -w, --wait-cr              wait for Enter before the issue is shown
      --nohostname           show no host name in the prompt
      --lines LINE,...       keep these lines
      --lines-from FOLDER    keep the lines of the *.conf files in FOLDER, see
                             ttys.d(5); without a /, in /etc, /run and /usr/lib
      --ready-fd N           write a newline to descriptor N when lines are kept
      --show-issue           print the issue and end
      --help                 print this and end
      --version              print the version and end
";
