//! What tokens a request needs, ready.

use envoy::extensions::filters::http::jwt_authn::v3::JwtRequirement;
use envoy::extensions::filters::http::jwt_authn::v3::jwt_requirement::RequiresType;

use super::jwt::Providers;
use super::tokens::{self, Places};

/// What tokens a request needs.
#[derive(Clone, Debug)]
pub(super) enum Requirement {
    Nothing,
    /// One of this provider.
    Provider {
        name: String,
        audiences: Option<Vec<String>>,
        places: Places,
    },
    All(Vec<Requirement>),
    /// The first that is met: what allows that there is no token is asked last.
    Any(Vec<Requirement>),
    /// None, or a good one there.
    AllowMissing(Places),
    /// None, or any.
    AllowMissingOrFailed(Places),
    Unknown,
}

impl Requirement {
    /// Gets a requirement ready.
    pub(super) fn new(requirement: &JwtRequirement, providers: &Providers) -> Self {
        Self::beside(requirement, &[], providers)
    }

    /// The same; `beside` are the providers of those beside it, one of which would be enough.
    fn beside(requirement: &JwtRequirement, beside: &[&str], providers: &Providers) -> Self {
        let places = |names: &[&str]| tokens::places(names.iter().filter_map(|name| providers.get(*name)));
        let provider = |name: &str, audiences: Option<&Vec<String>>| Self::Provider {
            name: name.to_owned(),
            audiences: audiences.cloned(),
            places: places(&[name]),
        };
        match &requirement.requires_type {
            None => Self::Nothing,
            Some(RequiresType::ProviderName(name)) => provider(name, None),
            Some(RequiresType::ProviderAndAudiences(with)) => {
                provider(&with.provider_name, Some(&with.audiences))
            }
            Some(RequiresType::RequiresAll(all)) => {
                Self::All(all.requirements.iter().map(|each| Self::new(each, providers)).collect())
            }
            Some(RequiresType::RequiresAny(any)) => Self::any(&any.requirements, providers),
            Some(RequiresType::AllowMissing(_)) => Self::AllowMissing(places(beside)),
            Some(RequiresType::AllowMissingOrFailed(_)) => Self::AllowMissingOrFailed(places(beside)),
            Some(RequiresType::ExtractOnlyWithoutValidation(_)) => Self::Unknown,
        }
    }

    /// Whether a request without any token meets it, and one with a bad one does not.
    pub(super) fn allows_missing(&self) -> bool {
        match self {
            Self::AllowMissing(_) => true,
            Self::Any(any) => any.iter().any(Self::allows_missing) && any.iter().all(Self::is_simple),
            Self::All(all) => !all.is_empty() && all.iter().all(Self::allows_missing),
            _ => false,
        }
    }

    /// The providers of which one token is enough.
    pub(super) fn enough(&self) -> impl Iterator<Item = &str> {
        let any = if let Self::Any(any) = self { any.as_slice() } else { std::slice::from_ref(self) };
        any.iter().filter_map(|each| match each {
            Self::Provider { name, audiences: None, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    fn is_simple(&self) -> bool {
        match self {
            Self::AllowMissing(_) | Self::Provider { audiences: None, .. } => true,
            // One token of each, or none: that is asked for where none is enough alone.
            Self::All(_) => self.allows_missing(),
            _ => false,
        }
    }

    fn any(requirements: &[JwtRequirement], providers: &Providers) -> Self {
        let bypasses = |each: &&JwtRequirement| {
            matches!(
                each.requires_type,
                Some(RequiresType::AllowMissing(_) | RequiresType::AllowMissingOrFailed(_))
            )
        };
        let beside: Vec<&str> = requirements
            .iter()
            .filter_map(|each| match &each.requires_type {
                Some(RequiresType::ProviderName(name)) => Some(name.as_str()),
                Some(RequiresType::ProviderAndAudiences(with)) => Some(with.provider_name.as_str()),
                _ => None,
            })
            .collect();
        let (last, first): (Vec<_>, Vec<_>) = requirements.iter().partition(bypasses);
        // Of several, the one that allows more counts.
        let last = last
            .iter()
            .find(|each| matches!(each.requires_type, Some(RequiresType::AllowMissingOrFailed(_))))
            .or(last.last())
            .copied();
        let all = first.into_iter().chain(last);
        Self::Any(all.map(|each| Self::beside(each, &beside, providers)).collect())
    }
}
