//! What changed between two states of a thing, field by field, on one line.

use tollgate::AuditFacts;

/// Longest value that is shown whole; scripts have `--json`.
const VALUE_LEN_MAX: usize = 60;

/// The fields that differ; all of them where the thing is new or gone.
pub(crate) fn difference(before: Option<&AuditFacts>, after: Option<&AuditFacts>) -> String {
    match (before, after) {
        (None, None) => String::new(),
        (None, Some(new)) => listed(new),
        (Some(old), None) => format!("was {}", listed(old)),
        (Some(old), Some(new)) => changed(old, new),
    }
}

fn listed(facts: &AuditFacts) -> String {
    let fields: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("{name}={}", shortened(value)))
        .collect();
    fields.join(" ")
}

fn changed(old: &AuditFacts, new: &AuditFacts) -> String {
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
    let gone = gone.map(|(name, value)| format!("{name}: {} → none", shortened(value)));
    let differing = new.iter().filter(|(name, value)| old.get(*name) != Some(value));
    let differing = differing.map(|(name, value)| {
        let was = old.get(name).map_or_else(|| "none".to_owned(), |was| shortened(was));
        format!("{name}: {was} → {}", shortened(value))
    });
    let fields: Vec<String> = gone.chain(differing).collect();
    if fields.is_empty() {
        "nothing".to_owned()
    } else {
        fields.join(", ")
    }
}

fn shortened(value: &str) -> String {
    if value.is_empty() {
        return "none".to_owned();
    }
    let mut letters = value.chars();
    let begin: String = letters.by_ref().take(VALUE_LEN_MAX).collect();
    if letters.next().is_some() {
        format!("{begin}…")
    } else {
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(fields: &[(&str, &str)]) -> AuditFacts {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    }

    #[test]
    fn what_differs_is_named_with_both_values_and_nothing_else() {
        let old = facts(&[("active", "true"), ("per_hour", "inherit"), ("note", "x")]);
        let new = facts(&[("active", "true"), ("per_hour", "1000"), ("revoked_at", "now")]);
        assert_eq!(
            difference(Some(&old), Some(&new)),
            "note: x → none, per_hour: inherit → 1000, revoked_at: none → now"
        );
        assert_eq!(difference(Some(&old), Some(&old)), "nothing");
        assert_eq!(difference(None, Some(&new)), "active=true per_hour=1000 revoked_at=now");
        assert_eq!(
            difference(Some(&facts(&[("operations", "")])), None),
            "was operations=none"
        );
    }

    #[test]
    fn a_long_value_is_cut_and_one_that_fits_is_not() {
        let fits = "é".repeat(VALUE_LEN_MAX);
        assert_eq!(shortened(&fits), fits);
        assert_eq!(shortened(&format!("{fits}é")), format!("{fits}…"));
    }
}
