//! `waypoint-xds trace`: one request, its verdict, and why.

use serde_json::{Map, Value};
use waypoint_xds::trace::{ExtAuthz, Protocol, Request, Verdict, Via};
use waypoint_xds::view::{json, trace};

use super::{session, waypoint_name};
use crate::args::{Answer, Asked, DescribeFormat, Trace};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Trace) -> Result<Outcome, Failure> {
    let request = request(args)?;
    let session = session(&args.input)?;
    let traced = session.trace(&request).map_err(usage)?;
    let places = session.places();
    output::print(&match args.output {
        DescribeFormat::Text => trace::text(&traced, &places, args.explain),
        DescribeFormat::Json => json::pretty(&trace::json(&traced, &places)?),
    })?;
    Ok(match traced.verdict {
        Verdict::Allowed => Outcome::Clean,
        Verdict::Unknown => Outcome::Unknown,
        // Redirects and direct responses are what a route says; a fault or another error is none.
        Verdict::Answered if traced.status.is_some_and(|status| status < 400) => Outcome::Clean,
        Verdict::Answered | Verdict::Denied | Verdict::Failed => Outcome::Problems,
    })
}

fn usage(error: impl ToString) -> Failure {
    Failure::Usage(error.to_string())
}

fn request(args: &Trace) -> Result<Request, Failure> {
    let asked = &args.asked;
    let mut request =
        Request::new(args.source.parse().map_err(usage)?, args.destination.parse().map_err(usage)?);
    request.protocol = asked.protocol.parse().map_err(usage)?;
    if request.protocol == Protocol::Grpc {
        request.method = "POST".to_owned();
    }
    if let Some(method) = &asked.method {
        request.method.clone_from(method);
    }
    if !asked.path.starts_with('/') && asked.path != "*" {
        return Err(Failure::Usage(format!("--path: `{}` does not begin with a slash", asked.path)));
    }
    request.path.clone_from(&asked.path);
    request.authority.clone_from(&asked.authority);
    request.headers =
        asked.headers.iter().map(|header| pair("--header", header)).collect::<Result<_, _>>()?;
    request.claims = claims(asked)?;
    request.ext_authz = asked.ext_authz.map(|answer| match answer {
        Answer::Allow => ExtAuthz::Allow,
        Answer::Deny => ExtAuthz::Deny,
    });
    request.source_address = asked.source_ip;
    if let Some(name) = &asked.waypoint {
        request.via = Via::Waypoint(waypoint_name(name)?);
    }
    Ok(request)
}

fn pair(option: &str, text: &str) -> Result<(String, String), Failure> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) =
        pair.ok_or_else(|| Failure::Usage(format!("{option}: `{text}` is not NAME=VALUE")))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The claims of the token, if there is one.
fn claims(asked: &Asked) -> Result<Option<Map<String, Value>>, Failure> {
    let mut claims = Map::new();
    if let Some(issuer) = &asked.issuer {
        claims.insert("iss".to_owned(), issuer.clone().into());
    }
    for claim in &asked.claims {
        let (name, value) = pair("--claim", claim)?;
        // `"7"` is a text in JSON; `7` would be a number, which no policy matches: a claim that looks so is meant as a text.
        let value = match serde_json::from_str(&value) {
            Ok(json @ (Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::String(_))) => json,
            _ => value.into(),
        };
        claims.insert(name, value);
    }
    if !claims.is_empty() && !claims.contains_key("iss") {
        return Err(Failure::Usage("--claim: a token has an issuer: name it with --issuer".to_owned()));
    }
    Ok((!claims.is_empty()).then_some(claims))
}
