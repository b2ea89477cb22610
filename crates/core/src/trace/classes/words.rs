//! Sets of classes in words.

use decisions::ClassSet;

use super::domain::{Domain, Example};

/// What a set of classes has in common, in words that follow the attribute's name: `is like …`.
pub(super) fn describe(domain: &Domain, classes: &ClassSet) -> String {
    describe_among(domain, classes, &(0..domain.len()).collect())
}

/// The same, where only these classes matter.
pub(super) fn describe_among(domain: &Domain, classes: &ClassSet, all: &ClassSet) -> String {
    let wanted = only(all, |class| classes.contains(class));
    let absent = only(all, |class| domain.may_be_absent && class == 0);
    if wanted == absent && domain.may_be_absent {
        return "is absent".to_owned();
    }
    let present = only(&domain.present(), |class| all.contains(class));
    if wanted == present {
        return "is there".to_owned();
    }
    let rest = only(all, |class| !wanted.contains(class));
    let asked: Vec<(String, ClassSet)> = domain
        .asked()
        .into_iter()
        .map(|(words, classes)| (words, only(&classes, |class| all.contains(class))))
        .collect();
    if let Some(words) = union(&asked, &wanted) {
        return format!("is {}", list(&words));
    }
    if let Some(words) = union(&asked, &rest) {
        return format!("is not {}", list(&words));
    }
    if domain.may_be_absent {
        let with_absent = wanted.contains(0);
        let rest_of_present = only(&present, |class| !wanted.contains(class));
        if let Some(words) = union(&asked, &rest_of_present) {
            let otherwise = if with_absent { " or is absent" } else { " and is there" };
            return format!("is not {}{otherwise}", list(&words));
        }
        let wanted_of_present = only(&present, |class| wanted.contains(class));
        if let Some(words) = union(&asked, &wanted_of_present).filter(|_| with_absent) {
            return format!("is {} or is absent", list(&words));
        }
    }
    if let Some(words) = but_not(&asked, &wanted) {
        return words;
    }
    let examples = wanted.ones().take(3).map(|class| match domain.example(class) {
        Example::Absent => "nothing".to_owned(),
        Example::Text(text) => format!("`{text}`"),
        Example::List(entries) => format!("`[{}]`", entries.join(", ")),
    });
    format!("is such as {}", examples.collect::<Vec<_>>().join(", "))
}

fn only(classes: &ClassSet, holds: impl Fn(usize) -> bool) -> ClassSet {
    classes.ones().filter(|class| holds(*class)).collect()
}

/// What together is exactly these classes; the widest first, none that adds nothing.
fn union<'a>(asked: &'a [(String, ClassSet)], wanted: &ClassSet) -> Option<Vec<&'a str>> {
    let mut left = wanted.clone();
    let mut fitting: Vec<&(String, ClassSet)> =
        asked.iter().filter(|(_, classes)| classes.is_subset(wanted)).collect();
    fitting.sort_by_key(|(words, classes)| (std::cmp::Reverse(classes.count_ones(..)), words.len()));
    let mut words = Vec::new();
    for (name, classes) in fitting {
        if !left.is_disjoint(classes) {
            left.difference_with(classes);
            words.push(name.as_str());
        }
    }
    (left.is_clear() && !words.is_empty()).then_some(words)
}

/// `is /a* but not /a/b`: the narrowest that has all of it, without what it has besides.
fn but_not(asked: &[(String, ClassSet)], wanted: &ClassSet) -> Option<String> {
    let around = asked.iter().filter(|(_, classes)| wanted.is_subset(classes));
    let (name, classes) = around.min_by_key(|(_, classes)| classes.count_ones(..))?;
    let words = union(asked, &classes.difference(wanted).collect())?;
    Some(format!("is {name} but not {}", list(&words)))
}

/// `a`, `a or b`, `a, b or c`, and no more than a few.
fn list(words: &[&str]) -> String {
    const MAX_WORDS: usize = 8;
    let shown: Vec<&str> = words.iter().take(MAX_WORDS).copied().collect();
    let more = words.len().saturating_sub(MAX_WORDS);
    if more > 0 {
        return format!("{} or one of {more} more", shown.join(", "));
    }
    match shown.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
