//! The figures of one measurement as a table in Markdown: the median of the rounds, their spread, and the ratio.

use std::fmt;

use crate::figure::quantile;

/// What was measured, in the order it was told first.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    about: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    /// The values of all rounds, for each column.
    values: Vec<Vec<f64>>,
}

impl Table {
    /// An empty one; the last column is what the others are compared with.
    pub(crate) fn new(name: &'static str, about: &'static str, columns: impl Iterator<Item = &'static str>) -> Self {
        Self { name, about, columns: columns.collect(), rows: Vec::new() }
    }

    /// Takes down a figure of one round.
    pub(crate) fn enter(&mut self, column: usize, name: &str, value: f64) {
        let position = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row { name: name.to_owned(), values: vec![Vec::new(); self.columns.len()] });
            self.rows.len() - 1
        });
        self.rows[position].values[column].push(value);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((peer, ours)) = self.columns.split_last() else { return Ok(()) };
        writeln!(to, "\n### {}: {}\n", self.name, self.about)?;
        write!(to, "| figure |")?;
        self.columns.iter().try_for_each(|column| write!(to, " {column} |"))?;
        ours.iter().try_for_each(|column| write!(to, " {column} / {peer} |"))?;
        writeln!(to, "\n|---|{}", "---:|".repeat(self.columns.len() + ours.len()))?;
        self.rows.iter().try_for_each(|row| row.fmt(to))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "| {} |", self.name)?;
        for values in &self.values {
            let values = sorted(values);
            match (values.first(), values.last()) {
                (Some(least), Some(most)) if values.len() > 1 => {
                    write!(to, " {} ({}–{}) |", short(quantile(&values, 50)), short(*least), short(*most))?;
                }
                (Some(only), _) => write!(to, " {} |", short(*only))?,
                _ => write!(to, " – |")?,
            }
        }
        if let Some((peer, ours)) = self.values.split_last() {
            for values in ours {
                // Each round's ratio is of two that ran one after the other.
                let ratios: Vec<f64> =
                    values.iter().zip(peer).filter(|(_, peer)| **peer > 0.0).map(|(ours, peer)| ours / peer).collect();
                if ratios.is_empty() {
                    write!(to, " – |")?;
                } else {
                    write!(to, " {:.2} |", quantile(&sorted(&ratios), 50))?;
                }
            }
        }
        writeln!(to)
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// Three digits that count; whole numbers whole.
fn short(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_medians_spreads_and_the_median_of_the_ratios() {
        let mut table = Table::new("a", "b", ["ours", "peer"].into_iter());
        for (ours, peer) in [(1.0, 2.0), (3.5, 4.0), (2.0, 8.0)] {
            table.enter(0, "x (ms)", ours);
            table.enter(1, "x (ms)", peer);
        }
        let text = table.to_string();
        assert!(text.ends_with("| x (ms) | 2 (1–3.50) | 4 (2–8) | 0.50 |\n"), "{text}");
    }
}
