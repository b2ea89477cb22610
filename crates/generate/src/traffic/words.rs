//! The words that snapshots and requests share: what one asks for, the other has, or nearly.

/// Paths, as matches ask for them.
pub(super) const PATHS: &[&str] = &[
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/A",
    "/ab",
    "/items",
    "/items/",
    "/items/1",
    "/items/1/reviews",
    "/api/v1",
    "/api/v1/pets",
    "/pic.jpg",
    "/a.b/c",
    "/a%2Fb",
    "/caf%C3%A9",
    "/a;v=1",
    "/a+b",
    "/~user",
];

/// Beginnings of paths.
pub(super) const PREFIXES: &[&str] =
    &["/", "/a", "/a/", "/items", "/items/", "/api", "/api/v1", "/shop.Reviews/", "/A", "/a/b/", "/a%2F"];

/// Regular expressions for paths, and a path that fits.
pub(super) const PATH_PATTERNS: &[(&str, &str)] = &[
    ("/items/[0-9]+", "/items/7"),
    ("/a/.*", "/a/x"),
    ("/a.*", "/ab"),
    ("^/api/v[12]/?$", "/api/v2"),
    (".*[.]jpg", "/x.jpg"),
    ("/(a|ab)", "/ab"),
    ("(?i)/items", "/ITEMS"),
    ("/a|/b", "/b"),
    ("/\\w+", "/word_1"),
    ("/[^/]+/[^/]+", "/a/b"),
];

/// Values of headers and of parameters.
pub(super) const VALUES: &[&str] =
    &["1", "gold", "Gold", "golden", "a,b", "true", "v1", "17", "a b", "", "x=y", "münchen"];

/// Regular expressions for values, and a value that fits.
pub(super) const VALUE_PATTERNS: &[(&str, &str)] = &[
    ("go.*", "golden"),
    ("[0-9]+", "17"),
    (".+", "x"),
    (".*", "y"),
    ("^gold$", "gold"),
    ("gold|silver", "silver"),
    ("(?i)gold", "GOLD"),
    ("a,b", "a,b"),
    ("\\d{1,3}", "123"),
];

/// Names of headers. Some are Envoy's own, or known to it.
pub(super) const HEADERS: &[&str] = &[
    "x-user",
    "x-tier",
    "x-tier",
    "X-Mixed",
    "end-user",
    "user-agent",
    "cookie",
    "content-type",
    "x-forwarded-for",
    "accept",
    "referer",
    "x_under",
];

/// Names of query parameters.
pub(super) const PARAMETERS: &[&str] = &["v", "q", "user", "V"];

/// Methods. The last ones are known to few.
pub(super) const METHODS: &[&str] =
    &["GET", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"];

/// Hosts that requests have.
pub(super) const HOSTS: &[&str] = &[
    "reviews",
    "reviews.shop",
    "reviews.shop.svc",
    "reviews.shop.svc.cluster.local",
    "ratings",
    "ratings.shop.svc.cluster.local",
    "other.example",
    "api.other.example",
];

/// Service accounts of clients: namespace and name.
pub(super) const CLIENTS: &[(&str, &str)] = &[
    ("shop", "web"),
    ("shop", "admin"),
    ("web", "web"),
    ("web", "guest"),
    ("shopping", "web"),
    ("shop", "webadmin"),
];

/// Who issues tokens.
pub(super) const ISSUERS: &[&str] = &["https://id.example", "https://other.example", "test@issuer.example"];

/// Services of gRPC and their methods.
pub(super) const GRPC: &[(&str, &str)] =
    &[("shop.Reviews", "List"), ("shop.Reviews", "Delete"), ("shop.Ratings", "List"), ("a", "b")];
