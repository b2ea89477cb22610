//! Laws of traces: an answer says what the explanation says, whatever was asked before.

use generate::traffic::{Ask, TunnelProtocol, requests, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Answer, Compiled, ExtAuthz, Protocol, Request, Scratch, Trace, Tracer};

/// How many requests each mesh gets.
const REQUESTS: usize = 32;

pub(crate) fn request(ask: Ask) -> Request {
    let id = format!("spiffe://{}/ns/{}/sa/{}", ask.trust_domain, ask.namespace, ask.account);
    let mut request = Request::new(id.parse().expect("a source"), ask.to.parse().expect("a destination"));
    request.protocol = match ask.speaks {
        TunnelProtocol::Http1 => Protocol::Http1,
        TunnelProtocol::Http2 => Protocol::Http2,
        TunnelProtocol::Grpc => Protocol::Grpc,
        TunnelProtocol::Tcp => Protocol::Tcp,
    };
    request.method = ask.method;
    request.path = ask.path;
    request.authority = Some(ask.host);
    request.headers = ask.headers;
    request.claims = ask.token.map(|token| token.claims);
    request
}

/// Whether an answer says what a trace says.
fn same(answer: &Answer<'_>, trace: &Trace) -> Result<(), TestCaseError> {
    prop_assert_eq!(answer.verdict(), trace.verdict);
    prop_assert_eq!(answer.status(), trace.status);
    prop_assert_eq!(answer.decided_by(), trace.decided_by.as_ref().map(|by| &by.0));
    prop_assert_eq!(answer.waypoint().map(ToString::to_string), trace.waypoint.clone());
    prop_assert_eq!(answer.outcomes().len(), trace.outcomes.len());
    for (quick, chance) in answer.outcomes().iter().zip(&trace.outcomes) {
        let outcome = &chance.outcome;
        prop_assert_eq!(quick.probability, chance.probability);
        prop_assert_eq!((quick.verdict, quick.status), (outcome.verdict, outcome.status));
        prop_assert_eq!((quick.grpc_status, quick.decided_at), (outcome.grpc_status, outcome.decided_at));
        prop_assert_eq!(quick.decided_by, outcome.decided_by.as_ref().map(|by| &by.0));
    }
    let told = trace.destinations.iter().map(|target| {
        (target.cluster.as_str(), target.service.as_deref(), target.subset.as_deref(), target.probability)
    });
    let quick = answer.destinations().map(|goes| (goes.cluster, goes.service, goes.subset, goes.probability));
    prop_assert_eq!(quick.collect::<Vec<_>>(), told.collect::<Vec<_>>());
    Ok(())
}

proptest! {
    #![proptest_config(super::config())]

    /// An answer says what the explanation says, and what was got ready before changes neither.
    #[test]
    fn answers_are_what_is_explained(
        seed in any::<u64>(),
        release in select(Release::ALL),
        dialect in select(&[Dialect::IstioProxy, Dialect::Envoy][..]),
        ext_authz in select(&[None, Some(ExtAuthz::Allow), Some(ExtAuthz::Deny)][..]),
    ) {
        let objects = snapshot(seed, &release.to_string());
        let mut options = Options::for_release(release);
        options.dialect = dialect;
        let session = Session::read([SourceFile::new("input.yaml", generate::text(&objects))], &options);
        let tracer = session.tracer();
        let mut scratch = Scratch::default();
        for ask in requests(&objects, seed, REQUESTS) {
            let mut request = request(ask);
            request.ext_authz = ext_authz;
            let trace = tracer.trace(&request);
            let anew = Compiled::new(session.translation());
            let anew = Tracer::new(session.mesh(), session.translation(), &anew).trace(&request);
            prop_assert_eq!(format!("{trace:?}"), format!("{anew:?}"));
            match (tracer.answer(&request, &mut scratch), trace) {
                (Ok(answer), Ok(trace)) => same(&answer, &trace)?,
                (answer, trace) => prop_assert_eq!(answer.map(|_| ()), trace.map(|_| ())),
            }
        }
    }
}
