//! Columns under headings, without lines around them, for lists that come in parts.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::print::HEAD;

/// A table that is written part by part.
pub(crate) struct Columns {
    heads: &'static [&'static str],
    /// What the columns have needed so far. A later part can make them wider, never narrower.
    widths: Vec<u16>,
    begun: bool,
}

impl Columns {
    pub(crate) fn under(heads: &'static [&'static str]) -> Self {
        Self {
            heads,
            widths: vec![0; heads.len()],
            begun: false,
        }
    }

    /// The lines of the next rows, the first time below the headings.
    pub(crate) fn lines(&mut self, rows: impl Iterator<Item = Vec<String>>) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        let with_heads = !self.begun;
        if with_heads {
            table.set_header(self.heads.iter().map(|head| head.to_uppercase()));
        }
        self.begun = true;
        for row in rows {
            table.add_row(row);
        }
        table.discover_columns();
        for (width, now) in self.widths.iter_mut().zip(table.column_max_content_widths()) {
            *width = now.max(*width);
        }
        for (column, width) in table.column_iter_mut().zip(&self.widths) {
            let width = width.saturating_add(column.padding_width());
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        }
        let mut lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        if let Some(heads) = lines.first_mut().filter(|_| with_heads) {
            *heads = format!("{}{heads}{}", HEAD.render(), HEAD.render_reset());
        }
        lines.join("\n")
    }
}

/// A table that is written at once.
pub(crate) fn table(heads: &'static [&'static str], rows: impl Iterator<Item = Vec<String>>) -> String {
    Columns::under(heads).lines(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<Vec<String>> {
        names
            .iter()
            .map(|name| vec![(*name).to_owned(), "x".to_owned()])
            .collect()
    }

    #[test]
    fn parts_stand_below_each_other() {
        let mut columns = Columns::under(&["name", "mark"]);
        let first = columns.lines(rows(&["alexandra", "bo"]).into_iter());
        let plain = anstream::adapter::strip_str(&first).to_string();
        assert_eq!(plain, " NAME       MARK\n alexandra  x\n bo         x");
        assert_eq!(columns.lines(rows(&["cy"]).into_iter()), " cy         x");
        let wider = columns.lines(rows(&["maximiliana"]).into_iter());
        assert_eq!(wider, " maximiliana  x");
        assert_eq!(columns.lines(rows(&["di"]).into_iter()), " di           x");
    }
}
