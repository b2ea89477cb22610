//! Names that files of a step must not use, though no path to them runs up: what keeps a renderer from
//! looking things up, and a plan from knowing Envoy.

/// What files below a folder must not name.
struct Forbidden {
    /// The folder, in the core.
    folder: &'static str,
    /// The names: types by the last part of their path, crates with `::`.
    names: &'static [&'static str],
    /// Files that may, since planning starts there. An entry that is not needed is an error.
    exceptions: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

/// Everything that is forbidden.
const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        folder: "resources/",
        names: &[
            "Mesh",
            "Scope",
            "Workloads",
            "Endpoints",
            "Networks",
            "Bindings",
            "DestinationRules",
            "PeerAuthentications",
            "Snapshot",
        ],
        exceptions: &["resources/mod"],
        instead: "look it up in `plan`, and render what that says",
    },
    Forbidden {
        folder: "plan/",
        names: &["envoy::", "envoy_json::"],
        exceptions: &[],
        instead: "say it in Istio's terms, and render it in `resources`",
    },
];

/// What files must not name, as lines for people; `files` are names below the core's sources, without `.rs`,
/// with their texts.
pub(super) fn problems<'a>(files: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Vec<String> {
    FORBIDDEN.iter().flat_map(|forbidden| forbidden.problems(files.clone())).collect()
}

impl Forbidden {
    fn problems<'a>(&self, files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
        let mut problems = Vec::new();
        let mut unneeded: Vec<&str> = self.exceptions.to_vec();
        for (file, text) in files.filter(|(file, _)| file.starts_with(self.folder)) {
            let found = self.found(text);
            if self.exceptions.contains(&file) {
                unneeded.retain(|exception| found.is_empty() || *exception != file);
                continue;
            }
            let line = |(line, name): (usize, &str)| {
                format!("{file}.rs:{line}: {} names `{name}`: {}", self.folder, self.instead)
            };
            problems.extend(found.into_iter().map(line));
        }
        problems.extend(unneeded.iter().map(|file| format!("{file}.rs is no exception any more: remove it")));
        problems
    }

    /// The names in a text, each with its line; comments may name anything.
    fn found(&self, text: &str) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        for (line, code) in (1..).zip(text.lines().map(|line| line.split("//").next().unwrap_or_default())) {
            found.extend(self.names.iter().filter(|name| has_word(code, name)).map(|name| (line, *name)));
        }
        found
    }
}

/// Whether a line has a name, not as a part of a longer one.
fn has_word(line: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + name.len()..).unwrap_or_default();
        let ends = name.ends_with("::") || !after.starts_with(part_of_name);
        !before.ends_with(part_of_name) && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERERS: Forbidden = Forbidden {
        folder: "resources/",
        names: &["Mesh", "envoy::"],
        exceptions: &["resources/mod", "resources/clean"],
        instead: "plan it",
    };

    #[test]
    fn whole_names_count_and_comments_do_not() {
        let lines = |text| RENDERERS.found(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(lines("use crate::mesh::{Mesh, Service};\nfn f(mesh: &Mesh) {}"), [1, 2]);
        assert_eq!(lines("use crate::mesh::MeshSettings;\n// See Mesh.\nlet mesh = 1;"), Vec::<usize>::new());
        assert_eq!(lines("use envoy::Message;\nuse other_envoy::x;"), [1]);
    }

    #[test]
    fn exceptions_are_needed() {
        let files = [("resources/mod", "Mesh"), ("resources/clean", ""), ("mesh/mod", "Mesh")];
        let problems = RENDERERS.problems(files.into_iter());
        assert_eq!(problems, ["resources/clean.rs is no exception any more: remove it"]);
        let problems = RENDERERS.problems([("resources/a", "\nMesh"), ("resources/mod", "Mesh")].into_iter());
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0], "resources/a.rs:2: resources/ names `Mesh`: plan it");
    }
}
