//! The classes of each attribute's values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decisions::address::Addresses;
use decisions::text::{self, Pattern, TextError, Texts};
use decisions::{ClassSet, Limits, TooMuch};
use ipnet::IpNet;

use super::attribute::{AllAsked, Asked, Attribute};

/// The attributes that matter, in the order in which they are asked, each with the classes of its values.
pub(super) struct Domains {
    all: Vec<(Attribute, Domain)>,
    positions: BTreeMap<Attribute, usize>,
}

/// The classes of an attribute's values.
pub(super) struct Domain {
    /// Whether the first class is that there is none.
    pub(super) may_be_absent: bool,
    kind: Kind,
}

enum Kind {
    Texts(Box<Known>),
    Addresses {
        blocks: Vec<IpNet>,
        classes: Addresses,
    },
    /// Texts, then lists of texts.
    Values {
        texts: Box<Known>,
        entries: Box<Known>,
        lists: Vec<List>,
    },
}

/// Classes of texts, with what tells them apart.
struct Known {
    patterns: Vec<Pattern>,
    /// What the patterns are in words.
    words: Vec<String>,
    classes: Arc<Texts>,
}

/// Classes of texts that were found before. Chains of a waypoint mostly ask the same, and their automata are
/// what takes longest.
#[derive(Default)]
pub(super) struct TextClasses(RefCell<BTreeMap<TextQuestion, Arc<Texts>>>);

/// The texts that an attribute may have, and the patterns that are asked of them.
type TextQuestion = (&'static str, Vec<Pattern>);

impl TextClasses {
    /// The classes of an attribute's texts by what patterns fit them.
    fn of(
        &self,
        attribute: &Attribute,
        patterns: &[Pattern],
        limits: &Limits,
    ) -> Result<Arc<Texts>, TextError> {
        let key = (texts_of(attribute), patterns.to_vec());
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(Texts::new(&domain_of(attribute), patterns, limits)?);
        self.0.borrow_mut().insert(key, Arc::clone(&found));
        Ok(found)
    }
}

/// Lists of which the entries fit the same patterns.
struct List {
    /// The patterns that an entry fits.
    fitting: BTreeSet<usize>,
    /// The classes of entries of an example.
    example: Vec<usize>,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Example {
    /// There is none.
    Absent,
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// What may stand in a header: no control characters, no space at the ends.
const HEADER: &str = r"(?:[^\s\x00-\x1f\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?";

/// The texts that an attribute may have, as a regular expression.
fn texts_of(attribute: &Attribute) -> &'static str {
    match attribute {
        Attribute::Principal | Attribute::Peer => "spiffe://[a-zA-Z0-9._-]+/ns/[a-z0-9-]+/sa/[a-z0-9.-]+",
        Attribute::Port => PORT,
        Attribute::Token => "taken|refused",
        Attribute::ServerName => "[a-zA-Z0-9._-]*",
        // As it is after normalization, without query; the dots that normalization takes away are left out
        // elsewhere.
        // And without what normalization escapes, which no URI has either.
        Attribute::Path => r"/[!$-;=@-\[\]_a-z~]*",
        Attribute::Method => "[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*",
        Attribute::Host => "[a-zA-Z0-9._-]+(?::[0-9]+)?",
        Attribute::Query(_) => r#"[!"$%'-~]*"#,
        Attribute::Header(_) => HEADER,
        Attribute::Metadata(..) | Attribute::Client | Attribute::Destination => r"(?s:.*)",
    }
}

/// Numbers from 1 to 65535.
const PORT: &str = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]";

/// Paths that no request has after normalization: with segments that are dots.
const NEVER_A_PATH: &str = r"(?s:.*)/(?:\.|%2[eE]){1,2}(?:/(?s:.*))?";

/// The texts that an attribute may have.
fn domain_of(attribute: &Attribute) -> text::Domain {
    let domain = text::Domain::new(texts_of(attribute));
    match attribute {
        Attribute::Path => domain.except(Pattern::regex(NEVER_A_PATH)),
        _ => domain,
    }
}

impl Domains {
    /// The classes by what is asked.
    pub(super) fn new(asked: AllAsked, limits: &Limits) -> Result<Self, TextError> {
        Self::sharing(asked, limits, &TextClasses::default())
    }

    /// The same, with what others have found.
    pub(super) fn sharing(asked: AllAsked, limits: &Limits, found: &TextClasses) -> Result<Self, TextError> {
        let mut all = Vec::new();
        for (attribute, asked) in asked.0 {
            let domain = Domain::new(&attribute, asked, limits, found)?;
            all.push((attribute, domain));
        }
        let positions = all.iter().enumerate().map(|(at, (attribute, _))| (attribute.clone(), at)).collect();
        Ok(Self { all, positions })
    }

    /// Lets an attribute that is not there be another one.
    pub(super) fn alias(&mut self, attribute: Attribute, other: &Attribute) {
        if let Some(position) = self.positions.get(other) {
            self.positions.insert(attribute, *position);
        }
    }

    pub(super) fn sizes(&self) -> Vec<usize> {
        self.all.iter().map(|(_, domain)| domain.len()).collect()
    }

    pub(super) fn get(&self, attribute: &Attribute) -> Option<(usize, &Domain)> {
        let position = *self.positions.get(attribute)?;
        Some((position, &self.all.get(position)?.1))
    }

    /// How many attributes there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn at(&self, position: usize) -> Option<&(Attribute, Domain)> {
        self.all.get(position)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Attribute, &Domain)> {
        self.all.iter().enumerate().map(|(position, (attribute, domain))| (position, attribute, domain))
    }
}

impl Domain {
    fn new(
        attribute: &Attribute,
        asked: Asked,
        limits: &Limits,
        found: &TextClasses,
    ) -> Result<Self, TextError> {
        let known = |asked| Known::new(attribute, asked, limits, found).map(Box::new);
        let may_be_absent = matches!(
            attribute,
            Attribute::Peer | Attribute::Header(_) | Attribute::Query(_) | Attribute::Metadata(..)
        );
        let kind = match attribute {
            Attribute::Client | Attribute::Destination => {
                let blocks: Vec<IpNet> = asked.blocks.into_iter().collect();
                Kind::Addresses { classes: Addresses::new(&blocks), blocks }
            }
            Attribute::Metadata(..) => {
                let entries = known(asked.entries)?;
                let lists = lists(&entries, limits)?;
                Kind::Values { texts: known(asked.texts)?, entries, lists }
            }
            _ => Kind::Texts(known(asked.texts)?),
        };
        Ok(Self { may_be_absent, kind })
    }

    /// How many classes there are.
    pub(super) fn len(&self) -> usize {
        let values = match &self.kind {
            Kind::Texts(texts) => texts.classes.len(),
            Kind::Addresses { classes, .. } => classes.len(),
            Kind::Values { texts, lists, .. } => texts.classes.len() + lists.len(),
        };
        values + usize::from(self.may_be_absent)
    }

    /// The classes of what is there.
    pub(super) fn present(&self) -> ClassSet {
        (usize::from(self.may_be_absent)..self.len()).collect()
    }

    /// The classes of all texts.
    pub(super) fn all_texts(&self) -> ClassSet {
        let texts = match &self.kind {
            Kind::Texts(texts) | Kind::Values { texts, .. } => texts.classes.len(),
            Kind::Addresses { .. } => 0,
        };
        let first = usize::from(self.may_be_absent);
        (first..first + texts).collect()
    }

    /// The classes of texts that a pattern fits.
    pub(super) fn texts(&self, pattern: &Pattern) -> Option<ClassSet> {
        match &self.kind {
            Kind::Texts(texts) | Kind::Values { texts, .. } => Some(self.shifted(texts.fitting(pattern)?)),
            _ => None,
        }
    }

    /// The classes of lists with an entry that a pattern fits.
    pub(super) fn lists(&self, pattern: &Pattern) -> Option<ClassSet> {
        let Kind::Values { texts, entries, lists } = &self.kind else { return None };
        let position = entries.position(pattern)?;
        let first = texts.classes.len() + usize::from(self.may_be_absent);
        let fitting = lists.iter().enumerate().filter(|(_, list)| list.fitting.contains(&position));
        Some(fitting.map(|(at, _)| first + at).collect())
    }

    /// The classes of addresses in a block.
    pub(super) fn inside(&self, block: IpNet) -> Option<ClassSet> {
        let Kind::Addresses { blocks, classes } = &self.kind else { return None };
        let position = blocks.binary_search(&block).ok()?;
        Some(self.shifted(classes.inside(position)))
    }

    fn shifted(&self, classes: &ClassSet) -> ClassSet {
        let by = usize::from(self.may_be_absent);
        classes.ones().map(|class| class + by).collect()
    }

    /// The class of a text.
    pub(super) fn class_of(&self, text: &str) -> Option<usize> {
        match &self.kind {
            Kind::Texts(texts) => Some(texts.classes.class_of(text)? + usize::from(self.may_be_absent)),
            _ => None,
        }
    }

    /// The class of a value; none where it may not have that.
    pub(super) fn class(&self, value: &Example) -> Option<usize> {
        let by = usize::from(self.may_be_absent);
        match (&self.kind, value) {
            (_, Example::Absent) => self.may_be_absent.then_some(0),
            (Kind::Texts(known) | Kind::Values { texts: known, .. }, Example::Text(text)) => {
                Some(known.classes.class_of(text)? + by)
            }
            (Kind::Addresses { classes, .. }, Example::Text(text)) => {
                Some(classes.class_of(text.parse().ok()?)? + by)
            }
            (Kind::Values { texts, entries, lists }, Example::List(list)) => {
                let fits = |pattern: &usize| {
                    let classes = entries.classes.fitting(*pattern);
                    list.iter().any(|entry| {
                        entries.classes.class_of(entry).is_some_and(|class| classes.contains(class))
                    })
                };
                let fitting: BTreeSet<usize> = (0..entries.patterns.len()).filter(fits).collect();
                Some(lists.iter().position(|list| list.fitting == fitting)? + texts.classes.len() + by)
            }
            _ => None,
        }
    }

    /// Everything that is asked, in words, each with the classes for which it holds.
    pub(super) fn asked(&self) -> Vec<(String, ClassSet)> {
        match &self.kind {
            Kind::Texts(texts) => self.asked_of(texts),
            Kind::Addresses { blocks, classes } => {
                let inside = |(position, block): (usize, &IpNet)| {
                    (format!("`{block}`"), self.shifted(classes.inside(position)))
                };
                blocks.iter().enumerate().map(inside).collect()
            }
            Kind::Values { texts, entries, .. } => {
                let mut asked = self.asked_of(texts);
                for (pattern, words) in entries.patterns.iter().zip(&entries.words) {
                    let lists = self.lists(pattern).unwrap_or_default();
                    asked.push((format!("a list with {words}"), lists.clone()));
                    // A claim may be a text, or a list with it: policies ask for both.
                    if let Some(texts) = self.texts(pattern) {
                        let mut both = texts;
                        both.grow(self.len());
                        both.union_with(&lists);
                        asked.push((words.clone(), both));
                    }
                }
                asked
            }
        }
    }

    fn asked_of(&self, texts: &Known) -> Vec<(String, ClassSet)> {
        let classes = |position: usize| self.shifted(texts.classes.fitting(position));
        texts.words.iter().enumerate().map(|(position, words)| (words.clone(), classes(position))).collect()
    }

    /// A value of a class.
    pub(super) fn example(&self, class: usize) -> Example {
        let Some(class) = class.checked_sub(usize::from(self.may_be_absent)) else { return Example::Absent };
        match &self.kind {
            Kind::Texts(texts) => Example::Text(texts.classes.example(class).to_owned()),
            Kind::Addresses { classes, .. } => {
                classes.example(class).map_or(Example::Absent, |address| Example::Text(address.to_string()))
            }
            Kind::Values { texts, entries, lists } => match class.checked_sub(texts.classes.len()) {
                None => Example::Text(texts.classes.example(class).to_owned()),
                Some(list) => {
                    let example = lists.get(list).map(|list| list.example.as_slice()).unwrap_or_default();
                    Example::List(
                        example.iter().map(|class| entries.classes.example(*class).to_owned()).collect(),
                    )
                }
            },
        }
    }
}

impl Known {
    fn new(
        attribute: &Attribute,
        asked: BTreeMap<Pattern, String>,
        limits: &Limits,
        found: &TextClasses,
    ) -> Result<Self, TextError> {
        let (patterns, words): (Vec<Pattern>, Vec<String>) = asked.into_iter().unzip();
        Ok(Self { classes: found.of(attribute, &patterns, limits)?, patterns, words })
    }

    fn fitting(&self, pattern: &Pattern) -> Option<&ClassSet> {
        Some(self.classes.fitting(self.position(pattern)?))
    }

    /// They come in their order, as the map had them.
    fn position(&self, pattern: &Pattern) -> Option<usize> {
        self.patterns.binary_search(pattern).ok()
    }
}

/// What entries of a list may fit together: nothing, what one fits, what several fit.
fn lists(entries: &Known, limits: &Limits) -> Result<Vec<List>, TooMuch> {
    let of_class = |class: usize| -> BTreeSet<usize> {
        (0..entries.patterns.len())
            .filter(|pattern| entries.classes.fitting(*pattern).contains(class))
            .collect()
    };
    let single: Vec<BTreeSet<usize>> = (0..entries.classes.len()).map(of_class).collect();
    let mut found: BTreeMap<BTreeSet<usize>, Vec<usize>> = BTreeMap::from([(BTreeSet::new(), Vec::new())]);
    let mut open = vec![BTreeSet::new()];
    while let Some(before) = open.pop() {
        let example = found.get(&before).cloned().unwrap_or_default();
        for (class, fitting) in single.iter().enumerate() {
            let after: BTreeSet<usize> = before.union(fitting).copied().collect();
            if !found.contains_key(&after) {
                if found.len() >= limits.classes {
                    return Err(TooMuch::Classes(limits.classes));
                }
                found.insert(after.clone(), example.iter().copied().chain([class]).collect());
                open.push(after);
            }
        }
    }
    Ok(found.into_iter().map(|(fitting, example)| List { fitting, example }).collect())
}
