//! Classes of texts.

use std::collections::{BTreeMap, VecDeque};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};
use thiserror::Error;

use crate::hash::{HashMap, HashSet};
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
    automaton: dense::DFA<Vec<u32>>,
    /// The class of each set of patterns.
    by_truths: HashMap<Vec<u32>, usize>,
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

/// The domain is a pattern too, the first one; what is taken out of it is the second one.
const DOMAIN: u32 = 0;
const EXCEPT: u32 = 1;
const OTHERS: u32 = 2;

impl Texts {
    /// The classes of the texts of a domain by what patterns fit them.
    ///
    /// # Errors
    ///
    /// When a pattern cannot be decided, or all of them together take more than the limits.
    pub fn new(domain: &Domain, patterns: &[Pattern], limits: &Limits) -> Result<Self, TextError> {
        // Nothing is taken out by what fits nothing.
        let except = domain.except.as_ref().map_or(r"[^\s\S]", Pattern::as_regex);
        let all: Vec<&str> = [domain.fits.as_str(), except]
            .into_iter()
            .chain(patterns.iter().map(Pattern::as_regex))
            .collect();
        let automaton = automaton(&all, limits.automaton_bytes)
            .map_err(|error| culprit(patterns, limits.automaton_bytes, &error))?;
        let mut found = Explorer::new(&automaton).found(limits.classes)?;
        // In the order of the examples classes with a common prefix stand together: diagrams are small then.
        found.sort_by(|a, b| a.1.cmp(&b.1));
        let mut fitting = vec![ClassSet::with_capacity(found.len()); patterns.len()];
        for (class, (truths, _)) in found.iter().enumerate() {
            for position in truths.iter().filter_map(|pattern| pattern.checked_sub(OTHERS)) {
                let position = usize::try_from(position).unwrap_or(usize::MAX);
                if let Some(classes) = fitting.get_mut(position) {
                    classes.insert(class);
                }
            }
        }
        let by_truths =
            found.iter().enumerate().map(|(class, (truths, _))| (truths.clone(), class)).collect();
        let examples = found.into_iter().map(|(_, example)| example).collect();
        Ok(Self { automaton, by_truths, examples, fitting })
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
        let mut state = start(&self.automaton)?;
        for &byte in text.as_bytes() {
            state = self.automaton.next_state(state, byte);
        }
        self.by_truths.get(&truths(&self.automaton, state)).copied()
    }
}

fn automaton(patterns: &[&str], bytes: usize) -> Result<dense::DFA<Vec<u32>>, Box<dense::BuildError>> {
    dense::Builder::new()
        .syntax(syntax::Config::new())
        .thompson(thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(bytes)))
        .configure(
            dense::Config::new()
                // Every pattern counts, not the first that fits.
                .match_kind(MatchKind::All)
                .start_kind(StartKind::Anchored)
                .dfa_size_limit(Some(bytes))
                .determinize_size_limit(Some(bytes)),
        )
        .build_many(patterns)
        .map_err(Box::new)
}

/// The pattern that no automaton can be made of; if there is none, all of them together are too much.
fn culprit(patterns: &[Pattern], bytes: usize, error: &dense::BuildError) -> TextError {
    if error.is_size_limit_exceeded() {
        return TooMuch::Automaton(bytes).into();
    }
    let wrong = patterns.iter().enumerate().find_map(|(position, pattern)| {
        let error = automaton(&[pattern.as_regex()], bytes).err()?;
        Some(TextError::Pattern { position, reason: error.to_string() })
    });
    wrong.unwrap_or(TextError::TooMuch(TooMuch::Automaton(bytes)))
}

fn start(automaton: &dense::DFA<Vec<u32>>) -> Option<StateID> {
    automaton.start_state_forward(&Input::new("").anchored(Anchored::Yes)).ok()
}

/// The patterns that fit the text that led to a state.
fn truths(automaton: &dense::DFA<Vec<u32>>, state: StateID) -> Vec<u32> {
    let end = automaton.next_eoi_state(state);
    if !automaton.is_match_state(end) {
        return Vec::new();
    }
    let patterns = (0..automaton.match_len(end)).map(|index| automaton.match_pattern(end, index).as_u32());
    let mut patterns: Vec<u32> = patterns.collect();
    patterns.sort_unstable();
    patterns
}

/// Walks through the states of an automaton, the shortest texts first.
struct Explorer<'a> {
    automaton: &'a dense::DFA<Vec<u32>>,
    /// One byte of each kind that the automaton tells apart, those first that make readable examples.
    alphabet: Vec<u8>,
}

impl<'a> Explorer<'a> {
    fn new(automaton: &'a dense::DFA<Vec<u32>>) -> Self {
        let classes = automaton.byte_classes();
        let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
        bytes.sort_by_key(|byte| (readability(*byte), *byte));
        let mut seen = [false; 256];
        bytes.retain(|byte| {
            let class = usize::from(classes.get(*byte));
            seen.get_mut(class).is_some_and(|seen| !std::mem::replace(seen, true))
        });
        Self { automaton, alphabet: bytes }
    }

    /// Each set of patterns that fit some text of the domain, with a shortest such text.
    fn found(&self, most: usize) -> Result<Vec<(Vec<u32>, String)>, TooMuch> {
        let mut found: BTreeMap<Vec<u32>, String> = BTreeMap::new();
        // Where each state was come from.
        let mut states: Vec<(StateID, Option<(usize, u8)>)> = Vec::new();
        let mut known: HashSet<StateID> = HashSet::default();
        let mut queue = VecDeque::new();
        if let Some(start) = start(self.automaton) {
            known.insert(start);
            states.push((start, None));
            queue.push_back(0);
        }
        while let Some(index) = queue.pop_front() {
            let Some(&(state, _)) = states.get(index) else { continue };
            let truths = truths(self.automaton, state);
            if truths.first() == Some(&DOMAIN)
                && truths.get(1) != Some(&EXCEPT)
                && !found.contains_key(&truths)
            {
                found.insert(truths, text(&states, index));
                if found.len() > most {
                    return Err(TooMuch::Classes(most));
                }
            }
            for &byte in &self.alphabet {
                let next = self.automaton.next_state(state, byte);
                if self.automaton.is_dead_state(next) || !known.insert(next) {
                    continue;
                }
                states.push((next, Some((index, byte))));
                queue.push_back(states.len() - 1);
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The text that led to a state.
fn text(states: &[(StateID, Option<(usize, u8)>)], index: usize) -> String {
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
