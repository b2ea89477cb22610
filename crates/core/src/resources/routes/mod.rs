//! Route configurations: what a waypoint does with the HTTP requests of one port of a Service.
//!
//! A waypoint's chains are found by the Service's address, not by the request's `Host`; so each has one
//! virtual host for every domain, filled with the routes of the VirtualServices (and Gateway API routes) of
//! the Service's hostname.
//!
//! | module | translates |
//! |---|---|
//! | `inbound` | the routes of a chain |
//! | `http` | a rule of a VirtualService under one match |
//! | [`matches`], `headers`, `redirect`, `retry`, `fault`, `cors`, `hash`, `session` | its parts |

mod cors;
mod fault;
mod fraction;
mod hash;
mod headers;
mod http;
mod inbound;
mod matches;
mod operation;
mod redirect;
mod retry;
mod session;

pub(crate) use inbound::RouteRenderer;
