//! Which tokens requests may have, and what the two sides of a comparison make of them.
//!
//! A claim is what the token says that a request has, whoever takes it. A side refuses tokens of issuers that
//! it does not know, and those that are for somebody else; of those that it takes it may take them off the
//! request, or make headers of them. Signatures and times count as good. A request has one token at most;
//! that of a preflight nobody looks at, so it counts as none.

use std::collections::{BTreeMap, BTreeSet};

use decisions::text::Pattern;
use decisions::{Condition as Diagram, Decision, TooMuch};
use envoy::Message;
use envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;

use super::attribute::{AllAsked, Attribute, of_header};
use super::chain::{Sink, through};
use super::condition::Builder;
use super::domain::Domains;
use super::effect::{Effect, Side};
use super::language;
use crate::trace::jwt::{JWT_AUTHN, JwtFilter};
use crate::trace::tokens::{self, Location};

/// The key of a token's issuer.
pub(super) fn issuer(key: &str) -> Attribute {
    claim(key, "iss")
}

fn claim(key: &str, name: &str) -> Attribute {
    Attribute::Metadata(JWT_AUTHN.to_owned(), vec![key.to_owned(), name.to_owned()])
}

/// Where a token is sent that is not taken.
pub(super) fn refused(builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
    let (pattern, _) = language::refused();
    builder.among(&Attribute::Token, |domain| domain.texts(&pattern))
}

/// Adds the issuers of tokens, where anything is asked of tokens.
pub(super) fn ask_of_issuers(filters: &[&JwtFilter], asked: &mut AllAsked) {
    if !asked.0.keys().any(Attribute::is_of_tokens) {
        return;
    }
    let keys: BTreeSet<&str> = filters.iter().flat_map(|filter| filter.kept().map(|(key, _)| key)).collect();
    for key in keys {
        for name in filters.iter().flat_map(|filter| filter.issuers()) {
            asked.text(issuer(key), Some((Pattern::exact(name), format!("`{name}`"))));
        }
    }
}

/// Where an attribute of tokens is as it may be, for requests with one token at most, which any of these
/// filters may take.
pub(super) fn may_be_told(
    builder: &mut Builder<'_>,
    attribute: &Attribute,
    filters: &[&JwtFilter],
) -> Result<Diagram, TooMuch> {
    let Attribute::Metadata(by, keys) = attribute else { return Ok(Diagram::YES) };
    let present = builder.among(attribute, |domain| Some(domain.present()))?;
    let absent = builder.diagrams.not(present)?;
    let is_kept = |(key, _): &(&str, &[String])| keys.first().is_some_and(|first| first == key);
    let kept = filters.iter().find_map(|filter| filter.kept().find(is_kept));
    let (Some((_, words)), Some(key)) = (kept.filter(|_| by == JWT_AUTHN), keys.first()) else {
        return Ok(absent);
    };
    let issuer = issuer(key);
    if *attribute == issuer {
        let mut any = absent;
        for name in filters.iter().flat_map(|filter| filter.issuers()) {
            let is = builder.among(&issuer, |domain| domain.texts(&Pattern::exact(name)))?;
            any = builder.diagrams.or(any, is)?;
        }
        // A token that is refused tells nothing.
        let refused = refused(builder)?;
        let taken = builder.diagrams.not(refused)?;
        let nothing = builder.diagrams.or(taken, absent)?;
        return builder.diagrams.and(any, nothing);
    }
    let token = builder.among(&issuer, |domain| Some(domain.present()))?;
    let mut may = builder.diagrams.or(absent, token)?;
    if keys.get(1).is_some_and(|claim| words.contains(claim)) && keys.len() == 2 {
        let text = builder.among(attribute, |domain| Some(domain.all_texts()))?;
        let no_text = builder.diagrams.not(text)?;
        may = builder.diagrams.and(may, no_text)?;
    }
    Ok(may)
}

/// The filters that take tokens on both sides.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'c> {
    old: Option<&'c JwtFilter>,
    new: Option<&'c JwtFilter>,
    /// Under which claims are kept.
    key: &'c str,
    /// Whether they take the same, and make the same of it.
    pub(super) same: bool,
}

impl<'c> Tokens<'c> {
    /// Nothing where it is not known what comes of tokens: then the filters are the same only if their
    /// configuration is.
    pub(super) fn new(old: Option<&'c JwtFilter>, new: Option<&'c JwtFilter>) -> Option<Self> {
        let filters: Vec<&JwtFilter> = old.into_iter().chain(new).collect();
        if !filters.iter().all(|filter| is_plain(filter)) {
            return None;
        }
        let mut kept = filters.iter().flat_map(|filter| filter.kept());
        let (key, words) = kept.next().unwrap_or_default();
        // One token is found by both, or it has to be said who sends it where.
        let mut places = filters.iter().flat_map(|filter| filter.providers()).map(places);
        let first = places.next();
        let alike = kept.all(|other| other == (key, words)) && places.all(|other| Some(other) == first);
        let mut preflights = filters.iter().map(|filter| filter.bypasses_preflights());
        let first = preflights.next();
        let alike = alike && preflights.all(|other| Some(other) == first);
        let same = old.map(taken) == new.map(taken);
        (alike || same).then_some(Self { old, new, key, same })
    }

    fn of(&self, side: Side) -> Option<&'c JwtFilter> {
        if side == Side::Old { self.old } else { self.new }
    }

    fn all(&self) -> Vec<&'c JwtFilter> {
        self.old.into_iter().chain(self.new).collect()
    }

    /// A filter that takes tokens.
    pub(super) fn any(&self) -> Option<&'c JwtFilter> {
        self.new.or(self.old)
    }

    /// Whether it tells classes apart whom a token is for.
    pub(super) fn asks_of_audiences(&self, domains: &Domains) -> bool {
        domains.get(&claim(self.key, "aud")).is_some()
    }

    /// Whether a side knows nothing of tokens: policies see no claims there.
    pub(super) fn is_blind(&self, side: Side) -> bool {
        self.of(side).is_none()
    }

    /// Adds what is asked of tokens.
    pub(super) fn ask(&self, asked: &mut AllAsked) {
        let filters = self.all();
        if filters.is_empty() {
            return;
        }
        asked.text(Attribute::Token, Some(language::refused()));
        if !self.same {
            // Asked for, so that the issuers are.
            asked.text(issuer(self.key), None);
            self.removed().iter().for_each(|name| asked.text(of_header(name), None));
        }
        let audience = claim(self.key, "aud");
        if asked.0.keys().any(Attribute::is_of_tokens) {
            for name in filters.iter().flat_map(|filter| filter.providers()).flat_map(|one| &one.audiences) {
                let pattern = (for_audience(name), format!("`{name}`"));
                asked.text(audience.clone(), Some(pattern.clone()));
                asked.entry(audience.clone(), pattern);
            }
        }
        ask_of_issuers(&filters, asked);
    }

    /// Attributes that a side does not see as they were sent, where the other one does not see them in the
    /// same way.
    pub(super) fn changed(&self, side: Side) -> BTreeSet<Attribute> {
        let mut changed = BTreeSet::new();
        for provider in self.of(side).into_iter().filter(|_| !self.same).flat_map(JwtFilter::providers) {
            changed.extend(made(provider).map(of_header));
            changed.extend(tokens::locations(provider).into_iter().map(|location| match location {
                Location::Header { name, .. } => of_header(&name),
                Location::Param(name) => Attribute::Query(name),
                Location::Cookie(_) => of_header("cookie"),
            }));
        }
        changed
    }

    /// The requests that there may be, as far as their tokens go.
    pub(super) fn possible(&self, builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
        let filters = self.all();
        let mut possible = Diagram::YES;
        let told: Vec<Attribute> =
            builder.domains.iter().map(|(_, attribute, _)| attribute.clone()).collect();
        for attribute in told {
            let may = may_be_told(builder, &attribute, &filters)?;
            possible = builder.diagrams.and(possible, may)?;
        }
        builder.may_hold(possible)
    }

    /// The headers that a side takes off requests, which the other one does not: whoever sends them did not
    /// get them from it.
    fn removed(&self) -> BTreeSet<&'c str> {
        let of = |filter: Option<&'c JwtFilter>| -> BTreeSet<&'c str> {
            filter.into_iter().flat_map(JwtFilter::providers).flat_map(made).collect()
        };
        of(self.old).symmetric_difference(&of(self.new)).copied().collect()
    }

    /// The filter of a side, before what comes after it.
    pub(super) fn before(
        &self,
        builder: &mut Builder<'_>,
        sink: &mut Sink<'_>,
        after: Decision,
    ) -> Result<Decision, TooMuch> {
        let Some(filter) = self.of(sink.side) else { return Ok(after) };
        let mut decision = after;
        if !self.same {
            for provider in filter.providers() {
                decision = self.taken(builder, sink, provider, decision)?;
            }
            let own: BTreeSet<&str> = filter.providers().flat_map(made).collect();
            for name in self.removed().intersection(&own) {
                let present = builder.sent(&of_header(name), |domain| Some(domain.present()))?;
                decision = through(builder, sink, format!("without {name}").into(), present, decision)?;
            }
        }
        for (refused, status) in
            [(self.for_others(builder, filter)?, FOR_OTHERS), (self.refused(builder, filter)?, REFUSED)]
        {
            let mark = Decision::always(sink.effects.number(Effect::TokenRefused(status)));
            decision = builder.diagrams.choose(refused, mark, decision)?;
        }
        Ok(decision)
    }

    /// What a side does to requests with a token of this issuer, where the other one does something else.
    fn taken(
        &self,
        builder: &mut Builder<'_>,
        sink: &mut Sink<'_>,
        provider: &JwtProvider,
        after: Decision,
    ) -> Result<Decision, TooMuch> {
        let other = if sink.side == Side::Old { self.new } else { self.old };
        let same_issuer = |other: &&JwtProvider| other.issuer == provider.issuer;
        let does = match other.map(|other| other.providers().find(same_issuer)) {
            // The other side lets them through as they are.
            None if is_untouched(provider) => return Ok(after),
            None => bare(provider, false),
            // The other side refuses them.
            Some(None) => return Ok(after),
            Some(Some(other)) if bare(other, true) == bare(provider, true) => return Ok(after),
            Some(Some(_)) => bare(provider, true),
        };
        let is = self.is_of(builder, &provider.issuer)?;
        through(builder, sink, does, is, after)
    }

    /// Where a token is of an issuer.
    fn is_of(&self, builder: &mut Builder<'_>, name: &str) -> Result<Diagram, TooMuch> {
        builder.among(&issuer(self.key), |domain| domain.texts(&Pattern::exact(name)))
    }

    /// Where a side refuses a token that is none, or one of an issuer that only the other side knows.
    fn refused(&self, builder: &mut Builder<'_>, filter: &JwtFilter) -> Result<Diagram, TooMuch> {
        let mut any = refused(builder)?;
        let own: BTreeSet<&str> = filter.issuers().collect();
        for name in self.all().iter().flat_map(|filter| filter.issuers()).filter(|name| !own.contains(name)) {
            let is = self.is_of(builder, name)?;
            any = builder.diagrams.or(any, is)?;
        }
        Ok(any)
    }

    /// Where a side refuses a token that is for somebody else.
    fn for_others(&self, builder: &mut Builder<'_>, filter: &JwtFilter) -> Result<Diagram, TooMuch> {
        let audience = claim(self.key, "aud");
        let mut any = Diagram::NO;
        for provider in filter.providers().filter(|provider| !provider.audiences.is_empty()) {
            // Where nothing is asked of it, both sides refuse the same.
            let Some((position, domain)) = builder.domains.get(&audience) else { continue };
            let mut fits = decisions::ClassSet::with_capacity(domain.len());
            for pattern in provider.audiences.iter().map(|name| for_audience(name)) {
                for classes in [domain.texts(&pattern), domain.lists(&pattern)].into_iter().flatten() {
                    classes.ones().for_each(|class| fits.insert(class));
                }
            }
            let fits = builder.diagrams.test(position, &fits)?;
            let others = builder.diagrams.not(fits)?;
            let is = self.is_of(builder, &provider.issuer)?;
            let wrong = builder.diagrams.and(is, others)?;
            any = builder.diagrams.or(any, wrong)?;
        }
        Ok(any)
    }
}

/// The statuses of tokens that are refused, and of those that are for somebody else.
const REFUSED: u16 = 401;
const FOR_OTHERS: u16 = 403;

/// Whether it is known what a filter makes of any token: one rule for each issuer, and nothing but good
/// tokens or none is let through.
fn is_plain(filter: &JwtFilter) -> bool {
    let names: BTreeSet<&str> = filter.issuers().collect();
    filter.only_refuses() && names.len() == filter.issuers().count() && !names.contains("")
}

/// Where tokens of an issuer are looked for.
fn places(provider: &JwtProvider) -> BTreeSet<Location> {
    tokens::locations(provider).into_iter().collect()
}

/// What a filter takes, by issuer, and what it makes of it.
fn taken(filter: &JwtFilter) -> (bool, BTreeMap<&str, &JwtProvider>) {
    let providers = filter.providers().map(|provider| (provider.issuer.as_str(), provider));
    (filter.bypasses_preflights(), providers.collect())
}

/// The headers that are made of tokens, and of nothing else.
fn made(provider: &JwtProvider) -> impl Iterator<Item = &str> {
    let of_claims = provider.claim_to_headers.iter().map(|to| to.header_name.as_str());
    of_claims.chain(Some(provider.forward_payload_header.as_str()).filter(|name| !name.is_empty()))
}

/// Whether a request with a token goes on as it came.
fn is_untouched(provider: &JwtProvider) -> bool {
    provider.forward && made(provider).next().is_none()
}

/// What is done to requests with a token: without whose it has to be and where it is looked for, without keys
/// if those make no difference.
fn bare(provider: &JwtProvider, with_keys: bool) -> Vec<u8> {
    let mut bare = JwtProvider {
        issuer: String::new(),
        audiences: Vec::new(),
        from_headers: Vec::new(),
        from_params: Vec::new(),
        from_cookies: Vec::new(),
        ..provider.clone()
    };
    if !with_keys {
        bare.jwks_source_specifier = None;
    }
    bare.encode_to_vec()
}

/// An audience with or without a scheme and a slash at its end.
fn for_audience(name: &str) -> Pattern {
    let plain = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    let plain = plain.strip_suffix('/').unwrap_or(plain);
    Pattern::regex(&format!("(?:https?://)?{}/?", regex::escape(plain)))
}
