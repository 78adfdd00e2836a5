//! Figures as the Markdown tables that stand in the README.

use std::fmt;

/// Rows under a heading, printed with aligned columns.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self {
            rows: vec![columns.iter().map(ToString::to_string).collect()],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |at: usize| self.rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match at {
                    0 => write!(f, "| {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if number == 0 {
                let rule = |(at, width): (usize, &usize)| {
                    let dashes = "-".repeat(width + 1);
                    if at == 0 {
                        format!("|{dashes}-|")
                    } else {
                        format!("{dashes}:|")
                    }
                };
                let rules: String = widths.iter().enumerate().map(rule).collect();
                writeln!(f, "{rules}")?;
            }
        }
        Ok(())
    }
}

/// A ratio with two decimals.
pub fn ratio(of: f64, to: f64) -> String {
    format!("{:.2}", of / to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_ruled() {
        let mut table = Table::new(&["what", "ns"]);
        table.row(["hot check".to_owned(), "120.5".to_owned()]);
        assert_eq!(
            table.to_string(),
            "| what      |    ns |\n|-----------|------:|\n| hot check | 120.5 |\n"
        );
        assert_eq!(ratio(5.0, 2.0), "2.50");
    }
}
