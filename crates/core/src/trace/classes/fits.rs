//! Where a condition holds for sure, and where it may: what is proved of all requests has to hold for those,
//! too, that send a header several times.

use std::collections::BTreeMap;

use decisions::{Condition as Diagram, TooMuch};

use super::attribute::{Attribute, of_header};
use super::condition::Builder;
use crate::trace::asked::RequestTest;
use crate::trace::condition::Condition;
use crate::trace::matchers::{HeaderIs, HeaderTest};
use crate::trace::rbac::RequestCondition;

/// The requests that a condition holds for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fits {
    /// Those that it holds for, whatever files do not tell.
    pub(super) surely: Diagram,
    /// Those that it may hold for.
    pub(super) maybe: Diagram,
}

impl Fits {
    pub(super) fn new(builder: &mut Builder<'_>, condition: &RequestCondition) -> Result<Self, TooMuch> {
        let (sure, any) = (of_any_value(condition, true), of_one_value(condition));
        let surely = builder.condition(&sure)?;
        let surely = builder.diagrams.comes_to(surely.into(), YES)?;
        let maybe = builder.condition(&any)?;
        let never = builder.diagrams.comes_to(maybe.into(), NO)?;
        Ok(Self { surely, maybe: builder.diagrams.not(never)? })
    }
}

/// What a condition comes to as a decision.
const NO: u32 = 0;
const YES: u32 = 1;

/// A test of which nothing is known.
fn unknown() -> RequestCondition {
    Condition::Test(RequestTest::Unknown("a header that is sent several times".into()))
}

/// A header of which several values may be sent, and whose values a test looks at.
fn several(test: &RequestTest) -> Option<&HeaderTest> {
    match test {
        RequestTest::Header(test) if matches!(test.is, HeaderIs::Text(_)) => {
            matches!(of_header(&test.name), Attribute::Header(_)).then_some(test)
        }
        _ => None,
    }
}

/// The same condition, without what holds for one value of a header and not for that value among others: that
/// none of its values fits.
fn of_any_value(condition: &RequestCondition, positive: bool) -> RequestCondition {
    let each = |parts: &[RequestCondition]| parts.iter().map(|part| of_any_value(part, positive)).collect();
    match condition {
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        Condition::Not(other) => Condition::Not(Box::new(of_any_value(other, !positive))),
        Condition::Test(test) if several(test).is_some_and(|test| test.inverted == positive) => unknown(),
        Condition::Test(test) => Condition::Test(test.clone()),
    }
}

/// The same condition, without what different values of one header may fit together: tests that hold at once.
fn of_one_value(condition: &RequestCondition) -> RequestCondition {
    let together = at_once(condition, true);
    let several: Vec<&str> =
        together.iter().filter(|(_, count)| **count > 1).map(|(name, _)| name.as_str()).collect();
    if several.is_empty() { condition.clone() } else { without(condition, &several) }
}

/// How many values of each header may have to be there at once.
fn at_once(condition: &RequestCondition, positive: bool) -> BTreeMap<String, usize> {
    let (parts, all) = match condition {
        Condition::All(parts) => (parts, positive),
        Condition::Any(parts) => (parts, !positive),
        Condition::Not(other) => return at_once(other, !positive),
        Condition::Test(test) => {
            let wanted = several(test).filter(|test| test.inverted != positive);
            return wanted.map(|test| (test.name.to_ascii_lowercase(), 1)).into_iter().collect();
        }
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, count) in parts.iter().flat_map(|part| at_once(part, positive)) {
        let known = counts.entry(name).or_default();
        *known = if all { *known + count } else { count.max(*known) };
    }
    counts
}

/// The same condition, without what it asks of the values of some headers.
fn without(condition: &RequestCondition, names: &[&str]) -> RequestCondition {
    let each = |parts: &[RequestCondition]| parts.iter().map(|part| without(part, names)).collect();
    let is_one = |test: &HeaderTest| names.iter().any(|name| test.name.eq_ignore_ascii_case(name));
    match condition {
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        Condition::Not(other) => Condition::Not(Box::new(without(other, names))),
        Condition::Test(test) if several(test).is_some_and(is_one) => unknown(),
        Condition::Test(test) => Condition::Test(test.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::matchers::{TextIs, TextTest};

    fn header(value: &str, inverted: bool) -> RequestCondition {
        let is = HeaderIs::Text(TextTest::new(TextIs::Exact(value.to_owned())));
        let name = "X-Group".to_owned();
        Condition::Test(RequestTest::Header(HeaderTest { name, is, inverted, missing_is_empty: false }))
    }

    fn is_unknown(condition: &RequestCondition) -> bool {
        matches!(condition, Condition::Test(RequestTest::Unknown(_)))
    }

    #[test]
    fn that_no_value_fits_is_not_told_by_one_value() {
        assert!(!is_unknown(&of_any_value(&header("a", false), true)));
        assert!(is_unknown(&of_any_value(&header("a", true), true)));
        let Condition::Not(inner) = of_any_value(&Condition::Not(Box::new(header("a", false))), true) else {
            panic!("it stays a negation");
        };
        assert!(is_unknown(&inner));
    }

    #[test]
    fn values_that_are_wanted_at_once_may_be_two() {
        let counts = |condition: &RequestCondition| at_once(condition, true).get("x-group").copied();
        let two = || vec![header("a", false), header("b", false)];
        assert_eq!(counts(&Condition::All(two())), Some(2));
        assert_eq!(counts(&Condition::Any(two())), Some(1));
        assert_eq!(counts(&Condition::Not(Box::new(Condition::All(two())))), None);
        assert_eq!(counts(&Condition::Not(Box::new(Condition::Any(vec![header("a", true)])))), Some(1));
        let Condition::All(parts) = of_one_value(&Condition::All(two())) else { panic!("it stays a list") };
        assert!(parts.iter().all(is_unknown));
    }
}
