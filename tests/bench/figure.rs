//! A figure: told by a measurement inside a sandbox as one line, gathered outside over several runs.

use std::time::Duration;

use ::tests::outcome::{Failure, Outcome};

/// What the line of a figure begins with, so that nothing else is taken for one.
const MARK: &str = "figure";

/// Tells a figure.
pub(crate) fn tell(name: &str, value: f64) {
    println!("{MARK}\t{name}\t{value}");
}

/// Tells the median of times, in milliseconds.
pub(crate) fn tell_median(name: &str, times: impl Iterator<Item = Duration>) {
    tell(&format!("{name}, p50 (ms)"), quantile(&sorted(times), 50));
}

/// Tells the median and the 99th percentile of times, in milliseconds.
pub(crate) fn tell_times(name: &str, times: impl Iterator<Item = Duration>) {
    let times = sorted(times);
    tell(&format!("{name}, p50 (ms)"), quantile(&times, 50));
    tell(&format!("{name}, p99 (ms)"), quantile(&times, 99));
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<f64> {
    let mut times: Vec<f64> = times.map(milliseconds).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// A time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What an amount of kibibytes or of things is as a figure; far below where a float loses ones.
#[expect(clippy::cast_precision_loss, reason = "no amount here comes near 2^52")]
pub(crate) fn amount(amount: u64) -> f64 {
    amount as f64
}

/// The figures among the lines of an output.
///
/// # Errors
/// That a figure has no number.
pub(crate) fn read(output: &str) -> Outcome<Vec<(String, f64)>> {
    let figures = output.lines().filter_map(|line| line.strip_prefix(MARK)?.strip_prefix('\t')?.split_once('\t'));
    figures
        .map(|(name, value)| {
            let number = value.parse().map_err(|_| Failure::new(format!("{name} is {value:?}, which is no number")))?;
            Ok((name.to_owned(), number))
        })
        .collect()
}

/// The value below which so many hundredths of `sorted` lie; 0 of nothing.
pub(crate) fn quantile(sorted: &[f64], hundredths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * hundredths).div_ceil(100)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_the_last_percentile_at_the_end() {
        let numbers: Vec<f64> = (0..=100).map(amount).collect();
        assert_eq!([quantile(&numbers, 50), quantile(&numbers, 99)].map(f64::to_bits), [50.0, 99.0].map(f64::to_bits));
        assert_eq!(quantile(&[], 50).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn only_marked_lines_are_figures() {
        let figures = read("noise\nfigure\ta (ms)\t1.5\nfigures\n").expect("one figure");
        assert_eq!(figures, [("a (ms)".to_owned(), 1.5)]);
        assert!(read("figure\ta\tx\n").is_err());
    }
}
