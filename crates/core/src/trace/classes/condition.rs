//! Conditions on requests, as diagrams.

use std::collections::BTreeSet;
use std::net::IpAddr;

use decisions::{ClassSet, Condition as Diagram, Diagrams, Limits, TooMuch};

use super::attribute::{Attribute, of_header};
use super::domain::{Domain, Domains};
use super::language;
use crate::trace::asked::{ParameterIs, RequestTest};
use crate::trace::condition::{Condition, Truth};
use crate::trace::connection::PEER_PRINCIPAL;
use crate::trace::matchers::{HeaderIs, HeaderTest, TextTest};
use crate::trace::metadata::{MetadataTest, ValueTest};
use crate::trace::rbac::RequestCondition;

/// What all connections to one destination have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
}

/// What is known of all requests that are asked about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fixed<'d> {
    /// Nothing for workloads that are called by their own addresses.
    pub(super) destination: Option<Destination>,
    /// The SPIFFE id of the client; without it an attribute.
    pub(super) principal: Option<&'d str>,
    /// The address of the client; without it an attribute.
    pub(super) client: Option<IpAddr>,
    /// Attributes that filters change on the way: what they are then is not known.
    pub(super) changed: Option<&'d BTreeSet<Attribute>>,
    /// Whether tokens are not looked at: nobody sees what they say.
    pub(super) blind: bool,
}

/// Makes diagrams of conditions.
pub(super) struct Builder<'d> {
    pub(super) domains: &'d Domains,
    pub(super) diagrams: Diagrams,
    pub(super) fixed: Fixed<'d>,
}

impl<'d> Builder<'d> {
    /// Makes diagrams over these classes.
    pub(super) fn new(domains: &'d Domains, limits: &Limits, fixed: Fixed<'d>) -> Self {
        Self { domains, diagrams: Diagrams::new(domains.sizes(), limits), fixed }
    }

    /// Where a condition holds.
    pub(super) fn condition(&mut self, condition: &RequestCondition) -> Result<Diagram, TooMuch> {
        self.made_of(condition, &mut Self::test)
    }

    /// Where a condition holds that is made of tests.
    pub(super) fn made_of<T>(
        &mut self,
        condition: &Condition<T>,
        test: &mut impl FnMut(&mut Self, &T) -> Result<Diagram, TooMuch>,
    ) -> Result<Diagram, TooMuch> {
        match condition {
            Condition::All(parts) => {
                let mut all = Diagram::YES;
                for part in parts {
                    let part = self.made_of(part, test)?;
                    all = self.diagrams.and(all, part)?;
                }
                Ok(all)
            }
            Condition::Any(parts) => {
                let mut any = Diagram::NO;
                for part in parts {
                    let part = self.made_of(part, test)?;
                    any = self.diagrams.or(any, part)?;
                }
                Ok(any)
            }
            Condition::Not(other) => {
                let other = self.made_of(other, test)?;
                self.diagrams.not(other)
            }
            Condition::Test(one) => test(self, one),
        }
    }

    fn test(&mut self, test: &RequestTest) -> Result<Diagram, TooMuch> {
        match test {
            RequestTest::Header(test) => self.header(test),
            RequestTest::Path(_) | RequestTest::PathBelow { .. } | RequestTest::PathTemplate(_) => {
                let pattern = language::of_path(test);
                self.among(&Attribute::Path, |domain| domain.texts(&pattern?.0))
            }
            RequestTest::Connect => {
                let pattern = decisions::text::Pattern::exact("CONNECT");
                self.among(&Attribute::Method, |domain| domain.texts(&pattern))
            }
            RequestTest::Grpc => {
                self.among(&language::content_type(), |domain| domain.texts(&language::grpc()))
            }
            RequestTest::Query { name, is } => {
                let attribute = Attribute::Query(name.clone());
                match is {
                    ParameterIs::Present(wanted) => {
                        let present = self.among(&attribute, |domain| Some(domain.present()))?;
                        if *wanted { Ok(present) } else { self.diagrams.not(present) }
                    }
                    ParameterIs::Text(test) => self.text(&attribute, test),
                }
            }
            RequestTest::Metadata(test) => self.metadata(test),
            RequestTest::State { key, test: Some(test) } if key == PEER_PRINCIPAL => self.principal(test),
            RequestTest::ServerName(test) => self.text(&Attribute::ServerName, test),
            RequestTest::Client(test) => {
                let block = test.block;
                if let Some(client) = self.fixed.client {
                    return Ok(known(test.truth(client)));
                }
                self.among(&Attribute::Client, |domain| domain.inside(block?))
            }
            RequestTest::Port(port) => Ok(self.of_destination(|to| (u32::from(to.port) == *port).into())),
            RequestTest::Ports(start, end) => {
                Ok(self.of_destination(|to| (*start..*end).contains(&i32::from(to.port)).into()))
            }
            RequestTest::Destination(test) => Ok(self.of_destination(|to| test.truth(to.address))),
            // The peer of a listener inside a waypoint is the waypoint: without address, without certificate.
            RequestTest::Peer(_) | RequestTest::Certificate(_) => Ok(Diagram::NO),
            RequestTest::State { .. } | RequestTest::Unknown(_) => Ok(Diagram::UNKNOWN),
        }
    }

    fn of_destination(&self, truth: impl FnOnce(Destination) -> Truth) -> Diagram {
        self.fixed.destination.map_or(Diagram::UNKNOWN, |destination| known(truth(destination)))
    }

    /// Whether the client's principal is one that any of these takes.
    pub(super) fn any_principal<'t>(
        &mut self,
        tests: impl IntoIterator<Item = &'t TextTest>,
    ) -> Result<Diagram, TooMuch> {
        let mut any = Diagram::NO;
        for test in tests {
            let fits = self.principal(test)?;
            any = self.diagrams.or(any, fits)?;
        }
        Ok(any)
    }

    /// Where a condition holds, or is not known to: what is not known may be.
    pub(super) fn may_hold(&mut self, condition: Diagram) -> Result<Diagram, TooMuch> {
        let never = self.diagrams.comes_to(condition.into(), 0)?;
        self.diagrams.not(never)
    }

    /// Whether the class of an attribute is one of these; not known where there are no classes for it.
    pub(super) fn among(
        &mut self,
        attribute: &Attribute,
        classes: impl FnOnce(&Domain) -> Option<ClassSet>,
    ) -> Result<Diagram, TooMuch> {
        if self.fixed.changed.is_some_and(|changed| changed.contains(attribute)) {
            return Ok(Diagram::UNKNOWN);
        }
        self.sent(attribute, classes)
    }

    /// The same of what the client has sent, whatever filters make of it.
    pub(super) fn sent(
        &mut self,
        attribute: &Attribute,
        classes: impl FnOnce(&Domain) -> Option<ClassSet>,
    ) -> Result<Diagram, TooMuch> {
        let Some((position, domain)) = self.domains.get(attribute) else { return Ok(Diagram::UNKNOWN) };
        match classes(domain) {
            // The first class is that there is none.
            Some(classes) if self.fixed.blind && attribute.is_of_tokens() => {
                Ok(known(Truth::from(classes.contains(0))))
            }
            Some(classes) => self.diagrams.test(position, &classes),
            None => Ok(Diagram::UNKNOWN),
        }
    }

    /// A test of who asks.
    pub(super) fn principal(&mut self, test: &TextTest) -> Result<Diagram, TooMuch> {
        match self.fixed.principal {
            Some(id) => Ok(known(test.truth(id))),
            None => self.text(&Attribute::Principal, test),
        }
    }

    fn text(&mut self, attribute: &Attribute, test: &TextTest) -> Result<Diagram, TooMuch> {
        let pattern = language::of(test);
        self.among(attribute, |domain| domain.texts(&pattern?))
    }

    /// As [`HeaderTest::truth`] has it.
    pub(super) fn header(&mut self, test: &HeaderTest) -> Result<Diagram, TooMuch> {
        let attribute = of_header(&test.name);
        if test.is_made_by_proxies() {
            return Ok(Diagram::UNKNOWN);
        }
        let present = self.among(&attribute, |domain| Some(domain.present()))?;
        let (fits, if_absent) = match &test.is {
            HeaderIs::Present(wanted) => {
                return if *wanted == test.inverted { self.diagrams.not(present) } else { Ok(present) };
            }
            HeaderIs::Number(..) => return Ok(Diagram::UNKNOWN),
            HeaderIs::Text(text) => (self.text(&attribute, text)?, text.truth("")),
        };
        let fits = if test.inverted { self.diagrams.not(fits)? } else { fits };
        let there = self.diagrams.and(present, fits)?;
        if !test.missing_is_empty {
            return Ok(there);
        }
        let absent = self.diagrams.not(present)?;
        let if_absent = known(if test.inverted { if_absent.not() } else { if_absent });
        let absent = self.diagrams.and(absent, if_absent)?;
        self.diagrams.or(there, absent)
    }

    fn metadata(&mut self, test: &MetadataTest) -> Result<Diagram, TooMuch> {
        let Some(value) = &test.value else { return Ok(Diagram::UNKNOWN) };
        let attribute = Attribute::Metadata(test.filter.clone(), test.keys.clone());
        let fits = self.value(&attribute, value)?;
        if test.inverted { self.diagrams.not(fits) } else { Ok(fits) }
    }

    fn value(&mut self, attribute: &Attribute, value: &ValueTest) -> Result<Diagram, TooMuch> {
        match value {
            ValueTest::Text(test) => self.text(attribute, test),
            ValueTest::Present(wanted) => {
                let present = self.among(attribute, |domain| Some(domain.present()))?;
                if *wanted { Ok(present) } else { self.diagrams.not(present) }
            }
            ValueTest::List(Some(one)) => match &**one {
                ValueTest::Text(test) => {
                    let pattern = language::of(test);
                    self.among(attribute, |domain| domain.lists(&pattern?))
                }
                _ => Ok(Diagram::UNKNOWN),
            },
            ValueTest::AnyOf(all) => {
                let mut any = Diagram::NO;
                for one in all {
                    let one = self.value(attribute, one)?;
                    any = self.diagrams.or(any, one)?;
                }
                Ok(any)
            }
            _ => Ok(Diagram::UNKNOWN),
        }
    }
}

pub(super) const fn known(truth: Truth) -> Diagram {
    match truth {
        Truth::Yes => Diagram::YES,
        Truth::No => Diagram::NO,
        Truth::Unknown => Diagram::UNKNOWN,
    }
}
