//! Classes of texts.

use std::collections::{BTreeMap, VecDeque};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa as lazy;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use thiserror::Error;

use crate::hash::HashMap;
use crate::{ClassSet, Limits, TooMuch};

/// What may be asked of a text as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The text is this one.
    #[must_use]
    pub fn exact(text: &str) -> Self {
        Self(regex_syntax::escape(text))
    }

    /// The text begins with this.
    #[must_use]
    pub fn prefix(text: &str) -> Self {
        Self(format!("{}(?s:.*)", regex_syntax::escape(text)))
    }

    /// The text ends with this.
    #[must_use]
    pub fn suffix(text: &str) -> Self {
        Self(format!("(?s:.*){}", regex_syntax::escape(text)))
    }

    /// The text has this somewhere.
    #[must_use]
    pub fn part(text: &str) -> Self {
        Self(format!("(?s:.*){}(?s:.*)", regex_syntax::escape(text)))
    }

    /// The text as a whole fits a regular expression (of the crate `regex`).
    #[must_use]
    pub fn regex(regex: &str) -> Self {
        Self(format!("(?:{regex})"))
    }

    /// The same, whatever the case of ASCII letters. For patterns of literal text only: letters of a regular
    /// expression's own syntax would be taken for text.
    #[must_use]
    pub fn ignoring_ascii_case(literal: &str, pattern: impl Fn(&str) -> Self) -> Self {
        // Placeholders that no pattern escapes: the letters are put in afterwards.
        let Self(made) = pattern(literal);
        let escaped = regex_syntax::escape(literal);
        let folded: String = escaped
            .chars()
            .map(|c| match c.is_ascii_alphabetic() {
                true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
                false => c.to_string(),
            })
            .collect();
        Self(made.replacen(&escaped, &folded, 1))
    }

    /// As a regular expression.
    #[must_use]
    pub fn as_regex(&self) -> &str {
        &self.0
    }
}

/// Why there are no classes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextError {
    /// A pattern is no regular expression, or one that no automaton of bytes can decide.
    #[error("pattern {position} cannot be decided: {reason}")]
    Pattern {
        /// Its position.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// Together they are too much.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// The classes of texts: two texts are of one class when the same patterns fit both.
#[derive(Clone, Debug)]
pub struct Texts {
    automaton: Table,
    examples: Vec<String>,
    fitting: Vec<ClassSet>,
}

/// The texts that there may be.
#[derive(Clone, Debug)]
pub struct Domain {
    fits: String,
    except: Option<Pattern>,
}

impl Domain {
    /// The texts that fit a regular expression as a whole.
    #[must_use]
    pub fn new(regex: &str) -> Self {
        Self { fits: format!("(?:{regex})"), except: None }
    }

    /// The same, without those that a pattern fits.
    #[must_use]
    pub fn except(self, pattern: Pattern) -> Self {
        Self { except: Some(pattern), ..self }
    }
}

/// What is taken out of the domain is the first pattern.
const EXCEPT: u32 = 0;
const OTHERS: u32 = 1;

impl Texts {
    /// The classes of the texts of a domain by what patterns fit them.
    ///
    /// # Errors
    ///
    /// When a pattern cannot be decided, or all of them together take more than the limits.
    pub fn new(domain: &Domain, patterns: &[Pattern], limits: &Limits) -> Result<Self, TextError> {
        // Nothing is taken out by what fits nothing.
        let except = domain.except.as_ref().map_or(r"[^\s\S]", Pattern::as_regex);
        let all: Vec<&str> = std::iter::once(except).chain(patterns.iter().map(Pattern::as_regex)).collect();
        let bytes = limits.automaton_bytes;
        let domain = of_domain(&domain.fits, bytes).ok_or(TooMuch::Automaton(bytes))?;
        let decided = of_patterns(&all, bytes).map_err(|error| culprit(patterns, bytes, error))?;
        let Found { automaton, truths } = Explorer::new(&domain, &decided).found(limits)?;
        let mut found: Vec<(Vec<u32>, Class)> = truths.into_iter().collect();
        // In the order of the examples classes with a common prefix stand together: diagrams are small then.
        found.sort_by(|a, b| a.1.example.cmp(&b.1.example));
        let mut fitting = vec![ClassSet::with_capacity(found.len()); patterns.len()];
        let mut classes = vec![0; found.len()];
        for (class, (truths, Class { number, .. })) in found.iter().enumerate() {
            if let Some(known_as) = classes.get_mut(*number) {
                *known_as = class;
            }
            for position in truths.iter().filter_map(|pattern| pattern.checked_sub(OTHERS)) {
                let position = usize::try_from(position).unwrap_or(usize::MAX);
                if let Some(classes) = fitting.get_mut(position) {
                    classes.insert(class);
                }
            }
        }
        let examples = found.into_iter().map(|(_, class)| class.example).collect();
        Ok(Self { automaton: automaton.renumbered(&classes), examples, fitting })
    }

    /// How many classes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether no text is in the domain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The classes whose texts a pattern fits.
    #[must_use]
    pub fn fitting(&self, pattern: usize) -> &ClassSet {
        const NONE: &ClassSet = &ClassSet::new();
        self.fitting.get(pattern).unwrap_or(NONE)
    }

    /// A shortest text of a class.
    #[must_use]
    pub fn example(&self, class: usize) -> &str {
        self.examples.get(class).map_or("", String::as_str)
    }

    /// The class of a text; none outside of the domain.
    #[must_use]
    pub fn class_of(&self, text: &str) -> Option<usize> {
        self.automaton.class_of(text)
    }
}

/// What decides of a text which class it is of: only what texts of the domain lead to is in it.
#[derive(Clone, Debug)]
struct Table {
    /// The kind of each byte.
    kinds: Vec<u8>,
    /// How many kinds there are.
    width: usize,
    /// For each state the next one by the kind of the byte; [`NOWHERE`] outside of the domain.
    next: Vec<u32>,
    /// For each state the class of the texts that end there, if the domain has them.
    classes: Vec<Option<usize>>,
}

/// No state.
const NOWHERE: u32 = u32::MAX;

impl Table {
    fn class_of(&self, text: &str) -> Option<usize> {
        let mut state = 0_usize;
        for byte in text.bytes() {
            let kind = usize::from(*self.kinds.get(usize::from(byte))?);
            let next = *self.next.get(state * self.width + kind)?;
            state = usize::try_from(next).ok().filter(|_| next != NOWHERE)?;
        }
        *self.classes.get(state)?
    }

    /// The same with other numbers of classes.
    fn renumbered(mut self, numbers: &[usize]) -> Self {
        for class in self.classes.iter_mut().flatten() {
            *class = numbers.get(*class).copied().unwrap_or(*class);
        }
        self
    }
}

/// What automata of patterns are made of.
fn nfa(patterns: &[&str], bytes: usize) -> Result<NFA, Box<thompson::BuildError>> {
    let config = thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(bytes));
    NFA::compiler().configure(config).build_many(patterns).map_err(Box::new)
}

/// The automaton of a domain: once it is dead no text of the domain can follow. None if it is too large.
fn of_domain(regex: &str, bytes: usize) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(bytes))
        .determinize_size_limit(Some(bytes));
    dense::Builder::new().configure(config).build_from_nfa(&nfa(&[regex], bytes).ok()?).ok()
}

/// Why there is no automaton of patterns.
enum Undecided {
    TooMuch,
    /// One of them is the reason.
    Wrong,
}

/// The automaton of patterns. Its states are made when they are asked for: of all that there may be most are
/// of texts that no domain has (`.*/ns/a/.*` and `.*/ns/b/.*` both fit a text in which `/ns/` stands twice).
fn of_patterns(patterns: &[&str], bytes: usize) -> Result<lazy::DFA, Undecided> {
    let nfa = nfa(patterns, bytes).map_err(|error| match error.size_limit() {
        Some(_) => Undecided::TooMuch,
        None => Undecided::Wrong,
    })?;
    let config = lazy::Config::new()
        // Every pattern counts, not the first that fits.
        .match_kind(MatchKind::All)
        .cache_capacity(bytes)
        // States keep their numbers: what does not fit is too much.
        .minimum_cache_clear_count(Some(0));
    let made = |config| lazy::Builder::new().configure(config).build_from_nfa(nfa.clone()).ok();
    made(config.clone()).ok_or_else(|| {
        // With as much memory as it likes it is made, if it can be.
        let unlimited = made(config.skip_cache_capacity_check(true));
        unlimited.map_or(Undecided::Wrong, |_| Undecided::TooMuch)
    })
}

/// The pattern that no automaton can be made of; if there is none, all of them together are too much.
fn culprit(patterns: &[Pattern], bytes: usize, undecided: Undecided) -> TextError {
    let too_much = TextError::TooMuch(TooMuch::Automaton(bytes));
    let Undecided::Wrong = undecided else { return too_much };
    let wrong = patterns.iter().enumerate().find_map(|(position, pattern)| {
        let reason = match nfa(&[pattern.as_regex()], bytes) {
            Err(error) => error.to_string(),
            Ok(nfa) => lazy::Builder::new().build_from_nfa(nfa).err()?.to_string(),
        };
        Some(TextError::Pattern { position, reason })
    });
    wrong.unwrap_or(too_much)
}

/// A class as it is found.
struct Class {
    /// How many were found before it.
    number: usize,
    /// A shortest text.
    example: String,
}

/// The classes by the patterns that fit their texts, and what decides of a text.
struct Found {
    automaton: Table,
    truths: BTreeMap<Vec<u32>, Class>,
}

/// Walks through what texts of a domain lead to, the shortest texts first.
struct Explorer<'a> {
    domain: &'a dense::DFA<Vec<u32>>,
    patterns: &'a lazy::DFA,
    cache: lazy::Cache,
    /// The kind of each byte: bytes of one kind lead from anywhere to the same.
    kinds: Vec<u8>,
    /// One byte of each kind, those first that make readable examples.
    alphabet: Vec<u8>,
}

/// Where a text leads: in the domain, and in what the patterns decide.
type Both = (StateID, LazyStateID);

impl<'a> Explorer<'a> {
    fn new(domain: &'a dense::DFA<Vec<u32>>, patterns: &'a lazy::DFA) -> Self {
        let told = |byte: u8| (domain.byte_classes().get(byte), patterns.byte_classes().get(byte));
        let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
        bytes.sort_by_key(|byte| (readability(*byte), *byte));
        let mut alphabet: Vec<u8> = Vec::new();
        let mut kinds = vec![0; 256];
        for byte in bytes {
            let known = alphabet.iter().position(|other| told(*other) == told(byte));
            let kind = known.unwrap_or_else(|| {
                alphabet.push(byte);
                alphabet.len() - 1
            });
            if let (Some(of_byte), Ok(kind)) = (kinds.get_mut(usize::from(byte)), u8::try_from(kind)) {
                *of_byte = kind;
            }
        }
        Self { domain, patterns, cache: patterns.create_cache(), kinds, alphabet }
    }

    /// Each set of patterns that fit some text of the domain, with a shortest such text.
    fn found(mut self, limits: &Limits) -> Result<Found, TooMuch> {
        let too_much = TooMuch::Automaton(limits.automaton_bytes);
        let mut truths: BTreeMap<Vec<u32>, Class> = BTreeMap::new();
        // Where each state was come from.
        let mut states: Vec<(Both, Option<(usize, u8)>)> = Vec::new();
        let mut known: HashMap<Both, u32> = HashMap::default();
        let (mut next, mut classes) = (Vec::new(), Vec::new());
        let mut queue = VecDeque::new();
        if let Some(start) = self.start() {
            known.insert(start, 0);
            states.push((start, None));
            queue.push_back(0);
        }
        while let Some(index) = queue.pop_front() {
            let Some(&(state, _)) = states.get(index) else { continue };
            let mut class = None;
            if let Some(fitting) = self.truths(state).map_err(|_| too_much)? {
                let number = truths.len();
                let new = || Class { number, example: text(&states, index) };
                class = Some(truths.entry(fitting).or_insert_with(new).number);
                if truths.len() > limits.classes {
                    return Err(TooMuch::Classes(limits.classes));
                }
            }
            classes.push(class);
            for position in 0..self.alphabet.len() {
                let Some(&byte) = self.alphabet.get(position) else { continue };
                let Some(to) = self.next(state, byte).map_err(|_| too_much)? else {
                    next.push(NOWHERE);
                    continue;
                };
                let number = u32::try_from(states.len()).map_err(|_| too_much)?;
                let to = *known.entry(to).or_insert_with(|| {
                    states.push((to, Some((index, byte))));
                    queue.push_back(states.len() - 1);
                    number
                });
                next.push(to);
            }
            if next.len() * size_of::<u32>() > limits.automaton_bytes {
                return Err(too_much);
            }
        }
        let width = self.alphabet.len();
        Ok(Found { automaton: Table { kinds: self.kinds, width, next, classes }, truths })
    }

    fn start(&mut self) -> Option<Both> {
        let input = Input::new("").anchored(Anchored::Yes);
        let domain = self.domain.start_state_forward(&input).ok()?;
        Some((domain, self.patterns.start_state_forward(&mut self.cache, &input).ok()?))
    }

    /// Where one more byte leads; none outside of the domain.
    fn next(&mut self, (domain, patterns): Both, byte: u8) -> Result<Option<Both>, Full> {
        let domain = self.domain.next_state(domain, byte);
        if self.domain.is_dead_state(domain) {
            return Ok(None);
        }
        let patterns = self.patterns.next_state(&mut self.cache, patterns, byte).map_err(|_| Full)?;
        Ok(Some((domain, patterns)))
    }

    /// The patterns that fit the text that led somewhere; none if the domain does not have it.
    fn truths(&mut self, (domain, patterns): Both) -> Result<Option<Vec<u32>>, Full> {
        if !self.domain.is_match_state(self.domain.next_eoi_state(domain)) {
            return Ok(None);
        }
        let end = self.patterns.next_eoi_state(&mut self.cache, patterns).map_err(|_| Full)?;
        if !end.is_match() {
            return Ok(Some(Vec::new()));
        }
        let count = self.patterns.match_len(&self.cache, end);
        let fitting = (0..count).map(|index| self.patterns.match_pattern(&self.cache, end, index).as_u32());
        let mut fitting: Vec<u32> = fitting.collect();
        fitting.sort_unstable();
        Ok((fitting.first() != Some(&EXCEPT)).then_some(fitting))
    }
}

/// There is no room for more states.
struct Full;

/// The text that led to a state.
fn text(states: &[(Both, Option<(usize, u8)>)], index: usize) -> String {
    let mut bytes = Vec::new();
    let mut at = states.get(index);
    while let Some((_, Some((from, byte)))) = at {
        bytes.push(*byte);
        at = states.get(*from);
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Small letters, digits, capital letters, other printable characters, the rest.
fn readability(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b'-' | b'_' | b'/' | b'.' => 3,
        b'!'..=b'~' => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(patterns: &[Pattern]) -> Texts {
        Texts::new(&Domain::new("(?s:.*)"), patterns, &Limits::default()).unwrap()
    }

    #[test]
    fn texts_that_nothing_tells_apart_are_one_class() {
        let texts = texts(&[Pattern::prefix("/a"), Pattern::exact("/a"), Pattern::suffix(".js")]);
        let of = |text| texts.class_of(text).unwrap();
        assert_eq!(texts.len(), 5, "neither, `/a` itself, the prefix, the suffix, both");
        assert_eq!(of("/ab"), of("/a/b/c"));
        assert_ne!(of("/ab"), of("/a"));
        assert_ne!(of("/ab.js"), of("/b.js"));
        assert_eq!(texts.example(of("/a-long-one.js")), "/a.js");
        assert_eq!(texts.fitting(0).count_ones(..), 3);
        assert_eq!(texts.fitting(9).count_ones(..), 0);
    }

    #[test]
    fn the_domain_is_all_there_is() {
        let domain = Domain::new("/[a-z]*").except(Pattern::exact("/no"));
        let patterns = [Pattern::exact("x"), Pattern::exact("/x")];
        let texts = Texts::new(&domain, &patterns, &Limits::default()).unwrap();
        assert_eq!((texts.len(), texts.class_of("x"), texts.class_of("/no")), (2, None, None));
        assert_eq!(texts.fitting(0).count_ones(..), 0);
        assert!(Texts::new(&Domain::new(r"[^\s\S]"), &[], &Limits::default()).unwrap().is_empty());
    }

    #[test]
    fn many_patterns_of_which_a_domain_has_one_at_a_time_are_few_classes() {
        let domain = Domain::new("spiffe://[a-z.]+/ns/[a-z0-9-]+/sa/[a-z0-9-]+");
        let patterns: Vec<Pattern> = (0..200).map(|n| Pattern::part(&format!("/ns/team-{n}/"))).collect();
        let texts = Texts::new(&domain, &patterns, &Limits::default()).unwrap();
        assert_eq!(texts.len(), 201, "each namespace, and none of them");
        let class = texts.class_of("spiffe://td/ns/team-7/sa/a").unwrap();
        assert!((0..200).all(|n| texts.fitting(n).contains(class) == (n == 7)));
    }

    #[test]
    fn case_is_ignored_of_ascii_letters_only() {
        let texts = texts(&[Pattern::ignoring_ascii_case("Ä.b", Pattern::prefix)]);
        let fits = |text| texts.fitting(0).contains(texts.class_of(text).unwrap());
        assert!(fits("Ä.B/x") && fits("Ä.b"));
        assert!(!fits("ä.b") && !fits("Äxb"));
    }

    #[test]
    fn what_cannot_be_decided_is_named() {
        let limits = Limits { automaton_bytes: 1 << 16, ..Limits::default() };
        let wrong = [Pattern::exact("a"), Pattern::regex("(")];
        assert!(matches!(
            Texts::new(&Domain::new(".*"), &wrong, &limits),
            Err(TextError::Pattern { position: 1, .. })
        ));
        let large = [Pattern::regex("(?s:.*)a(?s:.){20}")];
        assert_eq!(
            Texts::new(&Domain::new(".*"), &large, &limits).unwrap_err(),
            TooMuch::Automaton(1 << 16).into()
        );
        let few = Limits { classes: 3, ..Limits::default() };
        let patterns = ["a", "b", "c"].map(Pattern::exact);
        assert_eq!(Texts::new(&Domain::new(".*"), &patterns, &few).unwrap_err(), TooMuch::Classes(3).into());
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let literal = "[ab/]{0,3}";
        prop_oneof![
            literal.prop_map(|text| Pattern::exact(&text)),
            literal.prop_map(|text| Pattern::prefix(&text)),
            literal.prop_map(|text| Pattern::suffix(&text)),
            literal.prop_map(|text| Pattern::part(&text)),
            literal.prop_map(|text| Pattern::ignoring_ascii_case(&text, Pattern::part)),
            prop::sample::select(vec!["(a|b)*", "a+/?", "[^a]b*", "a|b", ".", "/.*a", r"(?-u:\b)a.*"])
                .prop_map(Pattern::regex),
        ]
    }

    proptest! {
        /// Each text has the answers of its class, and so has the example of the class.
        #[test]
        fn a_class_has_the_answers_of_its_texts(
            patterns in prop::collection::vec(pattern(), 0..6),
            text in "[abA/ü]{0,6}",
        ) {
            let texts = texts(&patterns);
            let class = texts.class_of(&text).unwrap();
            prop_assert_eq!(texts.class_of(texts.example(class)), Some(class));
            for (position, pattern) in patterns.iter().enumerate() {
                let regex = regex::Regex::new(&format!(r"\A(?:{})\z", pattern.as_regex())).unwrap();
                prop_assert_eq!(texts.fitting(position).contains(class), regex.is_match(&text), "{:?}", pattern);
            }
        }
    }
}
