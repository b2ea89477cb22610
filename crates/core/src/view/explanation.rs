//! What the codes of problems mean.

use crate::lint::{self, Releases, Rule, UnknownSelector};
use crate::nearest::did_you_mean;
use crate::problem::Code;
use crate::view::table::Table;

/// Every code with its severity, its group and what it is in a few words, by group.
///
/// ```
/// let table = waypoint_xds::view::explanation::table().to_string();
/// assert!(table.starts_with("CODE "));
/// assert!(table.contains("A method in lower case"));
/// ```
#[must_use]
pub fn table() -> Table {
    let mut table = Table::new(&["CODE", "SEVERITY", "GROUP", "TITLE"], 2);
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| (code.group(), code.id()));
    table.rows.extend(codes.into_iter().map(|code| {
        vec![code.id().to_owned(), code.severity().as_str().to_owned(), code.group().to_string(), title(code)]
    }));
    table
}

/// What a code is in a few words: the title of its rule's page, else how what it means begins.
#[must_use]
pub fn title(code: Code) -> String {
    let sentence = || {
        let explanation = code.explanation();
        let ends = [". ", ": ", ", ", "; "].into_iter().filter_map(|mark| explanation.find(mark));
        let end = ends.min().unwrap_or(explanation.len());
        explanation.get(..end).unwrap_or_default().trim_end_matches('.')
    };
    lint::rule(code).map_or_else(sentence, Rule::title).to_owned()
}

/// Everything that is known of a code: its group and severity, the releases, istioctl's code for it, and its
/// rule's page, or what it means where no rule of ours finds it.
#[must_use]
pub fn text(code: Code) -> String {
    let rule = lint::rule(code);
    let releases = match rule.map_or(Releases::All, |rule| rule.releases) {
        Releases::All => "all".to_owned(),
        Releases::Since(release) => format!("{release} and later"),
        Releases::Until(release) => format!("{release} and earlier"),
    };
    let analyze = lint::analyze_codes(code).join(", ");
    let head = [
        ("group", code.group().to_string()),
        ("severity", code.severity().as_str().to_owned()),
        ("releases", releases),
        ("istioctl", analyze),
    ];
    let head: String = head
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{:10}{value}\n", format!("{name}:")))
        .collect();
    let meaning = rule.map_or_else(|| format!("{}\n", code.explanation()), |rule| rule.page.to_owned());
    format!("{code}\n\n{head}\n{meaning}")
}

/// What is said of a word that is no code: which ones are near it.
#[must_use]
pub fn unknown(word: &str) -> String {
    let near = UnknownSelector::new(word).near;
    let near: Vec<&str> = near.into_iter().filter(|name| name.parse::<Code>().is_ok()).collect();
    match near.as_slice() {
        [] => format!("`{word}` is not a problem's code; `waypoint-xds explain` lists them"),
        near => format!("`{word}` is not a problem's code: {}", did_you_mean(near)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_short() {
        for &code in Code::ALL {
            let title = title(code);
            assert!(!title.is_empty() && title.chars().count() < 200, "{code}: {title}");
        }
    }

    #[test]
    fn a_rule_s_page_explains_its_code() {
        let text = text(Code::MethodCase);
        assert!(text.starts_with("method-case\n\ngroup:    "), "{text}");
        assert!(text.contains("# A method in lower case") && text.contains("## Wrong"));
        assert!(text.contains("releases: all\n"));
    }

    #[test]
    fn near_codes_are_told() {
        assert_eq!(
            unknown("metod-case"),
            "`metod-case` is not a problem's code: did you mean `method-case`?"
        );
        assert!(unknown("securty").contains("`waypoint-xds explain` lists them"));
    }
}
