//! JSON web tokens.

use serde_json::json;

use crate::row::{Row, denied, get, ok, row, status};
use crate::scenario::Scenario;
use crate::token::Issuer;

const REVIEWS: &str = "reviews.shop:80";

pub(crate) fn scenario() -> Scenario {
    let issuer = Issuer::new();
    let policies = include_str!("../scenarios/jwt.yaml").replace("JWKS", &issuer.key_set());
    Scenario::of(&policies, rows(&issuer))
}

fn rows(issuer: &Issuer) -> Vec<Row> {
    let anna = issuer.bearer(&json!({}));
    let ask = |path, token: &str| get(REVIEWS, path).header("authorization", token);
    let with = |path, claims| ask(path, &issuer.bearer(&claims));
    let stranger = Issuer::new().bearer(&json!({}));
    let elsewhere = issuer.bearer(&json!({"iss": "https://elsewhere.example"})).replace("Bearer ", "");
    vec![
        row(
            "a token in a header",
            get(REVIEWS, "/elsewhere").header("x-token", &format!("Token {elsewhere}")),
            ok(),
        ),
        row("a token in the query", get(REVIEWS, &format!("/elsewhere?token={elsewhere}")), ok()),
        row(
            "a token where its issuer puts none",
            ask("/elsewhere", &format!("Bearer {elsewhere}")),
            status(401),
        ),
        row("no token where none is needed", get(REVIEWS, "/public"), ok()),
        row("no token", get(REVIEWS, "/anna"), denied()),
        row("a good token", ask("/anna", &anna), ok().saw_header("authorization", leak(&anna))),
        row("somebody else's token", with("/anna", json!({"sub": "bert"})), denied()),
        row("anybody's token", with("/anybody", json!({"sub": "bert"})), ok()),
        row("nobody's token", get(REVIEWS, "/anybody"), denied()),
        row("another issuer", with("/anna", json!({"iss": "https://other.example"})), status(401)),
        row(
            "another issuer where no token is needed",
            with("/public", json!({"iss": "https://other.example"})),
            status(401),
        ),
        row(
            "an expired token",
            with("/anna", json!({"exp": 1_000_000_000})),
            status(401).body("Jwt is expired"),
        ),
        row("a token from the future", with("/anna", json!({"nbf": 4_000_000_000_u64})), status(401)),
        row("another audience", with("/anna", json!({"aud": "garage"})), status(403)),
        row("a forged signature", ask("/anna", &stranger), status(401).body("Jwt verification fails")),
        row("not a token", ask("/anna", "Bearer nonsense"), status(401)),
        row("the claim", with("/staff", json!({"groups": ["guests", "staff"]})), ok()),
        row("the claim, as one word", with("/staff", json!({"groups": "staff"})), ok()),
        row("another claim", with("/staff", json!({"groups": ["guests"]})), denied()),
        row("no claim", ask("/staff", &anna), denied()),
        row("the claim in a claim", with("/nested", json!({"org": {"team": "mesh"}})), ok()),
        row("another claim in a claim", with("/nested", json!({"org": {"team": "cni"}})), denied()),
        row("the audience", ask("/audience", &anna), ok()),
        row("no audience", get(REVIEWS, "/audience"), denied()),
    ]
}

/// Rows live as long as the tests.
fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}
