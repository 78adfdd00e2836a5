//! What every page must be like.

use super::facts::{Document, Focus};

/// The least contrast of what is no text (WCAG 2.2, 1.4.11).
const CONTRAST_LEAST: f64 = 3.0;

/// Pixels between a field and the words about it.
const GAP_MOST: i32 = 96;

/// Holds a page that was looked at against all rules.
#[track_caller]
pub fn hold(name: &str, page: &Document) {
    assert_eq!(page.language, "en", "{name}");
    let (title, brand) = page
        .title
        .split_once(" · ")
        .unwrap_or_else(|| panic!("{name} is titled {}", page.title));
    assert!(
        !title.is_empty() && brand == "Tollgate",
        "{name} is titled {}",
        page.title
    );
    assert_eq!(page.headings.len(), 1, "{name}: {:?}", page.headings);
    let mut deepest = 0;
    for level in &page.levels {
        assert!(*level <= deepest + 1, "{name} leaves out a level: {:?}", page.levels);
        deepest = *level;
    }
    assert_eq!(
        (page.scripts, page.styles),
        (0, 0),
        "{name} has scripts or styles of its own"
    );
    assert_eq!(
        page.tabindexes, [0; 0],
        "{name}: the order of the document is the order of steps"
    );
    for field in &page.fields {
        assert!(
            field.label.as_deref().is_some_and(|label| !label.trim().is_empty()),
            "{name}: {field:?} has no label"
        );
        for words in &field.described {
            assert!(words.text.is_some(), "{name}: {field:?}");
            let is_near = words.gap.is_some_and(|gap| (0..=GAP_MOST).contains(&gap));
            assert!(is_near, "{name}: the words are not below their field: {field:?}");
        }
    }
    for view in &page.views {
        let place = format!("{name} at {} px, {}", view.width, view.scheme);
        assert_eq!((view.excess, &view.beyond[..]), (0, &[][..]), "{place} does not fit");
        assert_eq!(view.small, [""; 0], "{place}: too small to be hit");
        let Some(judged) = &view.judged else {
            continue;
        };
        assert!(judged.offences.is_empty(), "{place}: {:#?}", judged.offences);
        for rule in ["color-contrast", "document-title", "html-has-lang", "meta-viewport"] {
            assert!(
                judged.passed.iter().any(|passed| passed == rule),
                "{place}: {rule} was not looked at"
            );
        }
    }
    assert_eq!(page.views.len(), 4, "{name} was not looked at");
}

/// The keyboard is somewhere that can be seen and has a name.
#[track_caller]
pub fn is_seen(focus: &Focus) {
    assert!(!focus.name.is_empty(), "{focus:?} has no name");
    let is_known = matches!(focus.role.as_str(), "button" | "link" | "textbox" | "spinbutton");
    assert!(is_known, "{focus:?} is nothing to stop at");
    assert!(focus.within, "{focus:?} is outside the window");
    let outline = &focus.outline;
    assert!(
        outline.style == "solid" && outline.width >= 2.0,
        "{focus:?} has no outline"
    );
    let contrast = contrast(&outline.color, &focus.behind);
    assert!(contrast >= CONTRAST_LEAST, "{focus:?}: {contrast}");
}

/// The contrast of two colours (WCAG 2.2, "contrast ratio").
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of a colour without transparency.
fn luminance(color: &str) -> f64 {
    let parts = color.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
    let parts = parts.unwrap_or_else(|| panic!("{color} is no plain colour"));
    let part = |part: &str| {
        let part = part.trim().parse::<f64>().unwrap() / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let weights = [0.2126, 0.7152, 0.0722];
    parts
        .split(',')
        .zip(weights)
        .map(|(own, weight)| weight * part(own))
        .sum()
}

#[test]
fn contrast_is_measured_as_the_standard_says() {
    assert!((contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") - 21.0).abs() < 0.001);
    assert!((contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") - 4.54).abs() < 0.01);
}
