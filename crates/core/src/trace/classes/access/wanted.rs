//! What requests have in common that are asked about.

use decisions::text::Pattern;
use decisions::{Condition as Diagram, TooMuch};
use ipnet::IpNet;

use super::way::Known;
use crate::trace::classes::attribute::{AllAsked, Attribute};
use crate::trace::classes::condition::Builder;

/// What an attribute of all requests is that are asked about.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) attribute: Attribute,
    /// One of these.
    pub(crate) any: Vec<Is>,
    /// The other way round: none of them.
    pub(crate) not: bool,
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub(crate) enum Is {
    /// Like this, which is told in these words.
    Text(Pattern, String),
    /// In this block.
    In(IpNet),
    /// Not there.
    Absent,
    /// Something.
    Present,
    /// A list with an entry like this, or a text.
    Entry(Pattern, String),
}

impl Wanted {
    /// Whether what is known of all requests tells that they are so; those that are not so are not asked
    /// about at all.
    pub(super) fn is_known(&self, known: &Known) -> bool {
        known.sender.is_some() && matches!(self.attribute, Attribute::Principal)
            || known.address.is_some() && matches!(self.attribute, Attribute::Client)
    }

    /// Past waypoints who asks may be nobody.
    fn attribute(&self, is_through: bool) -> Attribute {
        match &self.attribute {
            Attribute::Principal if !is_through => Attribute::Peer,
            other => other.clone(),
        }
    }

    pub(super) fn ask(&self, is_through: bool, asked: &mut AllAsked) {
        let attribute = self.attribute(is_through);
        for is in &self.any {
            match is {
                Is::Text(pattern, words) => {
                    asked.text(attribute.clone(), Some((pattern.clone(), words.clone())));
                }
                Is::Entry(pattern, words) => {
                    asked.text(attribute.clone(), Some((pattern.clone(), words.clone())));
                    asked.entry(attribute.clone(), (pattern.clone(), words.clone()));
                }
                Is::In(block) => asked.block(attribute.clone(), Some(*block)),
                Is::Absent | Is::Present => asked.text(attribute.clone(), None),
            }
        }
    }

    pub(super) fn holds(&self, is_through: bool, builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
        let attribute = self.attribute(is_through);
        let mut any = Diagram::NO;
        for is in &self.any {
            let one = holds(builder, &attribute, is)?;
            any = builder.diagrams.or(any, one)?;
        }
        if self.not { builder.diagrams.not(any) } else { Ok(any) }
    }
}

fn holds(builder: &mut Builder<'_>, attribute: &Attribute, is: &Is) -> Result<Diagram, TooMuch> {
    match is {
        Is::Text(pattern, _) => builder.sent(attribute, |domain| domain.texts(pattern)),
        Is::Entry(pattern, _) => {
            let text = builder.sent(attribute, |domain| domain.texts(pattern))?;
            let list = builder.sent(attribute, |domain| domain.lists(pattern))?;
            builder.diagrams.or(text, list)
        }
        Is::In(block) => builder.sent(attribute, |domain| domain.inside(*block)),
        Is::Present => builder.sent(attribute, |domain| Some(domain.present())),
        Is::Absent => {
            let present = builder.sent(attribute, |domain| Some(domain.present()))?;
            builder.diagrams.not(present)
        }
    }
}
