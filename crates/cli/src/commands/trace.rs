//! `waypoint-xds trace`: one request, its verdict, and why.

use std::path::Path;

use serde_json::{Map, Value};
use waypoint_xds::limits::Limits;
use waypoint_xds::live::Live;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{HeaderList, Request, RequestSpec, Trace, Verdict};
use waypoint_xds::view::config_dump::{self, ConfigDump};
use waypoint_xds::view::{json, trace, yaml};

use super::watch::{self, Inputs};
use super::{options, report, report_unread};
use crate::args::{self, Token, TraceFormat};
use crate::{Failure, Outcome, curl, input, output};

pub(super) fn run(args: &args::Trace) -> Result<Outcome, Failure> {
    watch::run_if(args.watch, Inputs::of(&args.input).and(&args.token.file), || once(args))
}

fn once(args: &args::Trace) -> Result<Outcome, Failure> {
    let request = Request::try_from(spec(args)?).map_err(usage)?;
    let mut found = input::read(&args.input)?;
    let options = options(&args.input)?;
    let how = &args.input.how;
    // What is wrong with the input is told before: it may be why nobody of a name is there.
    let (session, traced, outcome) = match take_dump(&mut found.sources)? {
        Some(dump) => {
            let unread = report_unread(&dump, how);
            let told = found.problems();
            let live = Live::new(dump, request.via.waypoint(), found.sources, &options).map_err(usage)?;
            let outcome = report(&[told, live.problems()].concat(), live.session(), how).max(unread);
            (live.session().clone(), live.trace(&request), outcome)
        }
        None => {
            let session = input::session(found, &options, &args.input)?;
            let outcome = report(session.problems(), &session, how);
            let traced = session.trace(&request);
            (session, traced, outcome)
        }
    };
    let traced = traced.map_err(usage)?;
    let places = session.places();
    output::print(&match args.output {
        TraceFormat::Text => trace::text(&traced, &places, args.explain_all),
        TraceFormat::Json => json::pretty(&trace::json(&traced, &places)?),
        TraceFormat::Yaml => yaml::to_string(&trace::json(&traced, &places)?),
    })?;
    Ok(outcome.max(outcome_of(&traced)))
}

/// Takes the config dump out of what was read, if there is one.
fn take_dump(files: &mut Vec<SourceFile>) -> Result<Option<ConfigDump>, Failure> {
    let mut dumps = Vec::new();
    files.retain(|file| match config_dump::parse(file.text()) {
        Some(dump) => {
            dumps.push(dump);
            false
        }
        None => true,
    });
    match dumps.len() {
        0 | 1 => Ok(dumps.pop()),
        _ => Err(Failure::Usage("there are several config dumps: give one".to_owned())),
    }
}

/// How a run ends that has traced a request.
fn outcome_of(traced: &Trace) -> Outcome {
    match traced.verdict {
        Verdict::Allowed => Outcome::Clean,
        Verdict::Unknown => Outcome::Unknown,
        // Redirects and direct responses are what a route says; a fault or another error is none.
        Verdict::Answered if traced.status.is_some_and(|status| status < 400) => Outcome::Clean,
        Verdict::Answered | Verdict::Denied | Verdict::Failed => Outcome::Problems,
    }
}

fn usage(error: impl ToString) -> Failure {
    Failure::Usage(error.to_string())
}

/// The request as plain data: what options say, else curl's command line.
fn spec(args: &args::Trace) -> Result<RequestSpec, Failure> {
    let asked = &args.asked;
    let curl = asked.curl.as_deref().map(curl::request).transpose();
    let curl = curl.map_err(|error| Failure::Usage(format!("--curl: {error}")))?.unwrap_or_default();
    let headers = asked.headers.join("\n").parse::<HeaderList>();
    let own = RequestSpec {
        from: args.source.clone().or_else(|| asked.from.clone()),
        to: args.destination.clone().or_else(|| asked.to.clone()),
        via: asked.via.clone(),
        protocol: asked.protocol.clone(),
        method: asked.method.clone(),
        path: asked.path.clone(),
        host: asked.host.clone(),
        headers: headers.map_err(|error| Failure::Usage(format!("--header: {error}")))?,
        claims: claims(&args.token, &args.input.how.limits()?)?,
        token: args.token.jwt.clone(),
        sni: asked.sni.clone(),
        alpn: (!asked.alpn.is_empty()).then(|| asked.alpn.clone()),
        ext_authz: asked.ext_authz.clone(),
        source_address: asked.source_address.clone(),
        seed: asked.seed.clone(),
    };
    Ok(own.or(curl))
}

/// The claims of the token, if there is one.
fn claims(token: &Token, limits: &Limits) -> Result<Option<Map<String, Value>>, Failure> {
    let mut claims =
        token.file.as_deref().map(|path| claims_of(path, limits)).transpose()?.unwrap_or_default();
    if let Some(issuer) = &token.issuer {
        claims.insert("iss".to_owned(), issuer.clone().into());
    }
    for claim in &token.claims {
        let pair = claim.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) =
            pair.ok_or_else(|| Failure::Usage(format!("--claim: `{claim}` is not NAME=VALUE")))?;
        // `"7"` is a text in JSON; `7` would be a number, which no policy matches: a claim that looks so is
        // meant as a text.
        let value = match serde_json::from_str(value) {
            Ok(json @ (Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::String(_))) => json,
            _ => value.into(),
        };
        claims.insert(name.to_owned(), value);
    }
    let is_given = token.file.is_some() || !claims.is_empty();
    if is_given && !claims.contains_key("iss") {
        return Err(Failure::Usage(
            "a token has an issuer: name it with --issuer, or a claim `iss`".to_owned(),
        ));
    }
    Ok(is_given.then_some(claims))
}

/// The claims in a file.
fn claims_of(path: &Path, limits: &Limits) -> Result<Map<String, Value>, Failure> {
    let text = if path.as_os_str() == "-" { input::standard(limits)? } else { input::text(path, limits)? };
    serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("--claims: {} is no JSON object: {error}", path.display())))
}
