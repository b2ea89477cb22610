//! Listeners, their chains and their filters.

use envoy::config::listener::v3::filter::ConfigType;
use envoy::config::listener::v3::{Filter, FilterChain, Listener};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::rbac::v3::Rbac;
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::google::protobuf::Any;
use envoy::{Message, Name, UnpackError};

use super::manager::{Inside, policies};
use super::{OpenedManager, OpenedPolicy, OpenedRoutes, Origins};
use crate::Str;
use crate::resources::{Origin, Part};

/// The name of the filter that carries HTTP, unless an EnvoyFilter gives it another one.
pub const HTTP_CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";
/// The name of the filter that carries bytes, unless an EnvoyFilter gives it another one.
pub const TCP_PROXY: &str = "envoy.filters.network.tcp_proxy";

/// A listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedListener<'r> {
    /// The message.
    pub message: &'r Listener,
    /// What made it as a whole.
    pub origin: Option<&'r Origin>,
    /// Its chains, the default one last.
    pub chains: Vec<OpenedChain<'r>>,
}

/// A filter chain of a listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedChain<'r> {
    /// The message.
    pub message: &'r FilterChain,
    /// The JSON pointer to it in its listener.
    pub pointer: String,
    /// What made it.
    pub origin: Option<&'r Origin>,
    /// Its filters, in their order.
    pub filters: Vec<OpenedFilter<'r>>,
}

/// A network filter of a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedFilter<'r> {
    /// The message.
    pub message: &'r Filter,
    /// The JSON pointer to it in its listener.
    pub pointer: String,
    /// What it does.
    pub config: NetworkFilter<'r>,
    chain: Str,
    origins: Origins<'r>,
}

/// The configuration of a network filter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NetworkFilter<'r> {
    /// It carries HTTP.
    Http(Box<OpenedManager<'r>>),
    /// It carries bytes.
    Tcp(Box<TcpProxy>),
    /// It lets connections pass, or not.
    Rbac(Box<Rbac>),
    /// It is discovered, or of a type that is not opened.
    Other,
}

impl<'r> OpenedListener<'r> {
    /// Opens a listener.
    #[must_use]
    pub fn new(message: &'r Listener, origins: &'r [Origin]) -> Self {
        let listed = message.filter_chains.iter().enumerate();
        let listed = listed.map(|(index, chain)| (format!("/filterChains/{index}"), chain));
        let default = message.default_filter_chain.iter();
        let default = default.map(|chain| ("/defaultFilterChain".to_owned(), chain));
        let chains = listed.chain(default);
        let origins = Origins::new(origins);
        Self {
            message,
            origin: origins.of(&Part::Resource),
            chains: chains.map(|(pointer, chain)| OpenedChain::new(chain, pointer, &origins)).collect(),
        }
    }

    /// Opens one chain, by its position among [`OpenedListener::chains`], without the others.
    #[must_use]
    pub fn chain(message: &'r Listener, origins: &'r [Origin], position: usize) -> Option<OpenedChain<'r>> {
        let listed = message.filter_chains.get(position);
        let (pointer, chain) = match listed {
            Some(chain) => (format!("/filterChains/{position}"), chain),
            None if position == message.filter_chains.len() => {
                ("/defaultFilterChain".to_owned(), message.default_filter_chain.as_ref()?)
            }
            None => return None,
        };
        Some(OpenedChain::new(chain, pointer, &Origins::of_chain(origins, &chain.name)))
    }

    /// The route configurations inside, each with its chain, in the order of the chains.
    pub fn routes(&self) -> impl Iterator<Item = (&OpenedChain<'r>, OpenedRoutes<'_, 'r>)> {
        self.chains.iter().flat_map(|chain| chain.routes().map(move |routes| (chain, routes)))
    }
}

impl<'r> OpenedChain<'r> {
    fn new(message: &'r FilterChain, pointer: String, origins: &Origins<'r>) -> Self {
        let name = Str::from(&message.name);
        let filters = message.filters.iter().enumerate().map(|(index, filter)| {
            OpenedFilter::new(filter, format!("{pointer}/filters/{index}"), &name, origins)
        });
        let filters = filters.collect();
        Self { message, pointer, origin: origins.of(&Part::FilterChain(name)), filters }
    }

    /// The route configurations inside, in the order of the filters.
    pub fn routes(&self) -> impl Iterator<Item = OpenedRoutes<'_, 'r>> {
        self.filters.iter().filter_map(|filter| filter.carries_http()?.ok()?.routes())
    }
}

impl<'r> OpenedFilter<'r> {
    fn new(message: &'r Filter, pointer: String, chain: &Str, origins: &Origins<'r>) -> Self {
        let config = match &message.config_type {
            Some(ConfigType::TypedConfig(any)) => opened(any, &pointer, chain, origins),
            _ => NetworkFilter::Other,
        };
        Self { message, pointer, config, chain: chain.clone(), origins: origins.clone() }
    }

    /// The connection manager, if the filter is one: as to Envoy, the type of its configuration decides,
    /// whatever its name is.
    ///
    /// # Errors
    ///
    /// When the filter is called one, and is configured by something else.
    #[must_use]
    pub fn carries_http(&self) -> Option<Result<&OpenedManager<'r>, UnpackError>> {
        match &self.config {
            NetworkFilter::Http(manager) => Some(Ok(manager)),
            _ => Some(Err(why_not::<HttpConnectionManager>(self.typed(HTTP_CONNECTION_MANAGER)?))),
        }
    }

    /// The TCP proxy, if the filter is one: by the type of its configuration, as
    /// [`OpenedFilter::carries_http`].
    ///
    /// # Errors
    ///
    /// When the filter is called one, and is configured by something else.
    #[must_use]
    pub fn carries_bytes(&self) -> Option<Result<&TcpProxy, UnpackError>> {
        match &self.config {
            NetworkFilter::Tcp(proxy) => Some(Ok(proxy)),
            _ => Some(Err(why_not::<TcpProxy>(self.typed(TCP_PROXY)?))),
        }
    }

    /// What made the filter. Of RBAC filters it is known of their policies.
    #[must_use]
    pub fn origin(&self) -> Option<&'r Origin> {
        self.origins.of_filter(&self.chain, &self.message.name)
    }

    /// The policies of an RBAC filter, by name, those that are only tried last; none of another filter.
    #[must_use]
    pub fn policies(&self) -> Vec<OpenedPolicy<'r>> {
        let NetworkFilter::Rbac(rbac) = &self.config else { return Vec::new() };
        let inside = Inside { pointer: &self.pointer, chain: &self.chain, origins: &self.origins };
        policies(rbac.rules.clone(), rbac.shadow_rules.clone(), &inside)
    }

    /// The packed configuration of a filter of this name.
    fn typed(&self, name: &str) -> Option<&'r Any> {
        match &self.message.config_type {
            Some(ConfigType::TypedConfig(any)) if self.message.name == name => Some(any),
            _ => None,
        }
    }
}

fn opened<'r>(any: &Any, pointer: &str, chain: &Str, origins: &Origins<'r>) -> NetworkFilter<'r> {
    if let Ok(manager) = envoy::unpack(any) {
        let pointer = format!("{pointer}/typedConfig");
        NetworkFilter::Http(Box::new(OpenedManager::new(manager, pointer, chain.clone(), origins.clone())))
    } else if let Ok(proxy) = envoy::unpack(any) {
        NetworkFilter::Tcp(Box::new(proxy))
    } else if let Ok(rbac) = envoy::unpack(any) {
        NetworkFilter::Rbac(Box::new(rbac))
    } else {
        NetworkFilter::Other
    }
}

/// Why an `Any` that was not opened as a message is none.
fn why_not<M: Message + Name + Default>(any: &Any) -> UnpackError {
    let found = any.type_url.clone();
    envoy::unpack::<M>(any).err().unwrap_or(UnpackError::OtherType { expected: M::full_name(), found })
}
