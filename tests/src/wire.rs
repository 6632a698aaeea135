//! What is said between a virtual machine's agent and whoever drives the machine: scripts one way, what they did the other.

use std::io::{self, BufRead, Read, Write};

/// What a script did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Its exit status, or 128 and the number of the signal that ended it.
    pub status: i32,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

/// Says that the agent is there, in this boot of the machine (`random(4)`, boot_id).
///
/// # Errors
/// What writing says.
pub fn greet(mut line: impl Write, boot: &str) -> io::Result<()> {
    line.write_all(format!("\nboot {}\n", boot.trim_end()).as_bytes())
}

/// Waits for the agent of a boot and gives the boot's name. What an earlier agent had begun to say is passed over.
///
/// # Errors
/// What reading says; `UnexpectedEof` if the machine went away.
pub fn await_greeting(mut line: impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    while line.read_until(b'\n', &mut bytes)? > 0 {
        if let Some(boot) = bytes.strip_prefix(b"boot ") {
            return Ok(String::from_utf8_lossy(boot).trim_end().to_owned());
        }
        bytes.clear();
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Sends a script.
///
/// # Errors
/// What writing says.
pub fn ask(mut line: impl Write, script: &str) -> io::Result<()> {
    line.write_all(format!("run {}\n{script}", script.len()).as_bytes())
}

/// Reads the next script; none once nobody is there to send one.
///
/// # Errors
/// What reading says; `InvalidData` for what is no request.
pub fn next_script(mut line: impl BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    if line.read_line(&mut head)? == 0 {
        return Ok(None);
    }
    let [length] = numbers(&head, "run")?;
    let script = exactly(&mut line, length)?;
    String::from_utf8(script).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Sends what a script did.
///
/// # Errors
/// What writing says.
pub fn answer(mut line: impl Write, answer: &Answer) -> io::Result<()> {
    let Answer { status, stdout, stderr } = answer;
    let mut bytes = format!("done {status} {} {}\n", stdout.len(), stderr.len()).into_bytes();
    bytes.extend_from_slice(stdout);
    bytes.extend_from_slice(stderr);
    line.write_all(&bytes)
}

/// Reads what a script did. A greeting that nobody has waited for is passed over.
///
/// # Errors
/// What reading says; `InvalidData` for what is no answer.
pub fn read_answer(mut line: impl BufRead) -> io::Result<Answer> {
    let mut head = String::new();
    while head.trim_end().is_empty() || head.starts_with("boot ") {
        head.clear();
        if line.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let [status, out, err] = numbers(&head, "done")?;
    let status = i32::try_from(status).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Answer { status, stdout: exactly(&mut line, out)?, stderr: exactly(&mut line, err)? })
}

fn numbers<const N: usize>(head: &str, word: &str) -> io::Result<[u64; N]> {
    let mut words = head.split_ascii_whitespace();
    let is_right = words.next() == Some(word);
    let numbers: Option<Vec<u64>> = words.map(|word| word.parse().ok()).collect();
    let numbers = numbers.and_then(|numbers| numbers.try_into().ok()).filter(|_| is_right);
    numbers.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("not a {word}: {head:?}")))
}

fn exactly(line: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    line.take(length).read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()) == Ok(length);
    if is_whole { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_answered_comes_across() {
        let mut line = Vec::new();
        ask(&mut line, "echo 'two\nlines'").expect("a vector takes all");
        assert_eq!(next_script(&*line).expect("a script"), Some("echo 'two\nlines'".to_owned()));
        assert_eq!(next_script(&b""[..]).expect("an end"), None);

        let said = Answer { status: 143, stdout: b"two\nlines\n".to_vec(), stderr: b"\xff".to_vec() };
        let mut line = Vec::new();
        answer(&mut line, &said).expect("a vector takes all");
        assert_eq!(read_answer(&*line).expect("an answer"), said);
    }

    #[test]
    fn an_answer_cut_short_by_a_reboot_is_passed_over_and_is_none() {
        let mut line = b"done 0 100 0\nhalf of it".to_vec();
        assert!(read_answer(&*line).is_err());
        greet(&mut line, "1f0c\n").expect("a vector takes all");
        assert_eq!(await_greeting(&*line).expect("a boot"), "1f0c");
        assert!(await_greeting(&b"noise"[..]).is_err());
    }
}
