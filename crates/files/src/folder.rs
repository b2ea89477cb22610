//! The files of a directory that may hold objects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::objects::may_hold_objects;
use crate::{FileError, Found, Renderer, Unrendered, Wanted, Within, failed, file, identity};
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

/// Files that are left out: patterns as in `.gitignore`, relative to the directory that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    patterns: Vec<String>,
}

impl Excluded {
    /// Those of these patterns.
    ///
    /// # Errors
    ///
    /// [`FileError::Pattern`] for the first one that is none.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, FileError> {
        let excluded = Self { patterns: patterns.into_iter().collect() };
        excluded.overrides(Path::new("."))?;
        Ok(excluded)
    }

    /// The patterns for the files of a directory. There, a pattern without `!` is one of files to be read.
    fn overrides(&self, directory: &Path) -> Result<Override, FileError> {
        let mut builder = OverrideBuilder::new(directory);
        for pattern in &self.patterns {
            builder.add(&format!("!{pattern}")).map_err(|error| wrong(pattern, &error))?;
        }
        builder.build().map_err(|error| wrong(&self.patterns.join(" "), &error))
    }
}

fn wrong(pattern: &str, error: &ignore::Error) -> FileError {
    FileError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() }
}

/// Reads the files of a directory that may hold objects.
pub(crate) fn read(
    directory: &Path,
    wanted: &Wanted,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Found,
) -> Result<(), FileError> {
    let mut walk = WalkBuilder::new(directory);
    walk.follow_links(true)
        .require_git(false)
        .git_global(false)
        .overrides(wanted.excluded.overrides(directory)?);
    walk.sort_by_file_name(Ord::cmp);
    walk.filter_entry(|entry| entry.file_name() != "node_modules");
    let mut charts: Vec<PathBuf> = Vec::new();
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if leads_nowhere(&error) => continue,
            Err(error) => return Err(unreadable(directory, error)),
        };
        let path = entry.path();
        if charts.iter().any(|chart| path.starts_with(chart)) {
            continue;
        }
        if path.is_dir() {
            let Some(renderer) = renderer(path) else { continue };
            if renderer == Renderer::Helm {
                charts.push(path.to_owned());
            }
            let (directory, within) = (path.to_owned(), Within::Files);
            found.unrendered.push(Unrendered { directory, renderer, within });
        } else if is_read(path) && !is_said_twice(path) && seen.insert(identity(path)) {
            file(path, wanted, &mut |source| may_hold_objects(source, wanted.bytes), found)?;
        }
    }
    Ok(())
}

/// What a directory's reading would make of files that are named, as in a revision or an archive, without
/// being there.
pub(crate) struct Among<'p> {
    /// The files that it would take.
    pub(crate) taken: BTreeSet<&'p PathBuf>,
    /// The directories that another program renders.
    pub(crate) unrendered: Vec<(&'p Path, Renderer)>,
}

/// Chooses among files below a directory.
pub(crate) fn among<'p>(
    base: &Path,
    files: &'p [PathBuf],
    excluded: &Excluded,
) -> Result<Among<'p>, FileError> {
    let overrides = excluded.overrides(base)?;
    let is_hidden = |file: &Path| {
        let inside = file.strip_prefix(base).unwrap_or(file);
        inside.components().any(|part| {
            let part = part.as_os_str().to_string_lossy();
            part == "node_modules" || part.starts_with('.') && part != "."
        })
    };
    let is_excluded =
        |file: &Path| file.ancestors().any(|above| overrides.matched(above, above != file).is_ignore());
    let kept: Vec<&PathBuf> = files.iter().filter(|file| !is_hidden(file) && !is_excluded(file)).collect();
    let holding = |names: &[&str]| -> BTreeSet<&Path> {
        let is_one = |file: &&&PathBuf| names.iter().any(|name| file.ends_with(name));
        kept.iter().filter(is_one).filter_map(|file| file.parent()).collect()
    };
    let (charts, kustomizations) = (holding(&[CHART]), holding(&KUSTOMIZATIONS));
    let is_in_chart = |path: &Path| path.ancestors().any(|above| charts.contains(above));
    let helm = charts.iter().filter(|chart| !chart.parent().is_some_and(is_in_chart));
    let kustomize = kustomizations.iter().filter(|directory| !is_in_chart(directory));
    let unrendered = helm
        .map(|chart| (*chart, Renderer::Helm))
        .chain(kustomize.map(|directory| (*directory, Renderer::Kustomize)))
        .collect();
    let is_taken = |file: &&PathBuf| is_read(file) && !is_said_twice(file) && !is_in_chart(file);
    Ok(Among { taken: kept.into_iter().filter(is_taken).collect(), unrendered })
}

/// A link that leads nowhere, or back to where it stands, is as good as none.
fn leads_nowhere(error: &ignore::Error) -> bool {
    error.io_error().is_none_or(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn unreadable(directory: &Path, error: ignore::Error) -> FileError {
    let reason = error.to_string();
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other(reason));
    failed(directory, source)
}

/// The file that makes a directory a chart.
const CHART: &str = "Chart.yaml";
/// The files that make a directory a kustomization.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What renders the files of a directory, if anything does.
fn renderer(directory: &Path) -> Option<Renderer> {
    let has = |name: &str| directory.join(name).is_file();
    if has(CHART) {
        Some(Renderer::Helm)
    } else {
        KUSTOMIZATIONS.iter().any(|name| has(name)).then_some(Renderer::Kustomize)
    }
}

/// Whether a file of a directory or an archive is one that may hold objects, as far as its name tells.
#[must_use]
pub fn is_read(path: &Path) -> bool {
    let packed = path.extension().is_some_and(|extension| extension == "gz" || extension == "zst");
    let stem = path.file_stem().map(Path::new).filter(|_| packed).unwrap_or(path);
    let extension = stem.extension().and_then(|extension| extension.to_str());
    let is_known = matches!(extension, Some("yaml" | "yml" | "json")) || is_of_a_bug_report(path);
    is_known && !is_known_for_something_else(path)
}

/// The objects of a cluster, as `istioctl bug-report` writes them: in some releases those that are in no
/// namespace come apart.
fn is_of_a_bug_report(path: &Path) -> bool {
    let files = ["cluster/k8s-resources", "cluster/k8s-cluster-resources", "cluster/crs"];
    files.iter().any(|file| path.ends_with(file))
}

/// Pods, as `oc adm must-gather` writes each of them a second time: `namespaces/NS/pods/POD/POD.yaml`, beside
/// `namespaces/NS/core/pods.yaml`.
pub(crate) fn is_said_twice(path: &Path) -> bool {
    let mut parts = path.components().rev().map(|part| part.as_os_str());
    let (file, pod) = (path.file_stem(), parts.nth(1));
    file == pod
        && parts.next().is_some_and(|part| part == "pods")
        && parts.nth(1).is_some_and(|part| part == "namespaces")
}

/// Files that have an `apiVersion` or a `kind` and are no objects.
fn is_known_for_something_else(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        matches!(name, "kustomization.yaml" | "kustomization.yml" | "package.json" | "package-lock.json")
    })
}

#[cfg(test)]
mod tests {
    use waypoint_xds::text::SourceFile;

    use super::*;
    use crate::read_wanted;

    const OBJECT: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";

    /// A folder of this test with these files.
    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("waypoint-xds-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    /// The names of what is read, relative to the folder.
    fn names(folder: &Path, excluded: &[&str]) -> Vec<String> {
        let excluded = Excluded::new(excluded.iter().map(ToString::to_string)).unwrap();
        let found = read_wanted([folder], &Wanted { excluded, ..Wanted::default() }).unwrap();
        let relative = |source: &SourceFile| {
            let path = Path::new(source.name().as_str());
            path.strip_prefix(folder).unwrap().display().to_string()
        };
        found.sources.iter().map(relative).collect()
    }

    #[test]
    fn a_directory_is_read_recursively_by_name() {
        let files = [
            ("c.yml", OBJECT),
            ("a.yaml", OBJECT),
            ("b/x.json", "{\"apiVersion\": \"v1\", \"kind\": \"x\"}"),
            ("b/notes.txt", OBJECT),
            ("cluster/crs", OBJECT),
            ("namespaces/shop/core/pods.yaml", OBJECT),
            ("namespaces/shop/pods/a/a.yaml", OBJECT),
            ("namespaces/shop/pods/a/b.yaml.gz", OBJECT),
        ];
        let folder = folder("names", &files);
        let read = [
            "a.yaml",
            "b/x.json",
            "c.yml",
            "cluster/crs",
            "namespaces/shop/core/pods.yaml",
            "namespaces/shop/pods/a/b.yaml.gz",
        ];
        assert_eq!(names(&folder, &[]), read);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_no_object_is_passed_over() {
        let files = [
            (".git/config.yaml", OBJECT),
            (".github/workflows/ci.yaml", "on: push\n"),
            (".gitignore", "generated/\n"),
            ("generated/all.yaml", OBJECT),
            ("node_modules/x/package.json", "{\"kind\": 1}"),
            ("package.json", "{\"kind\": 1}"),
            ("values.yaml", "replicas: 1\nkind: DaemonSet\n"),
            ("mkdocs.yml", "site_name: every kind of apiVersion\n"),
            ("dashboard.json", "{\"panels\": [{\"kind\": \"a\"}], \"metadata\": {}}"),
            ("app/secret.yaml", OBJECT),
            ("app/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"),
            ("app/app.yaml", OBJECT),
            ("chart/Chart.yaml", "apiVersion: v2\nname: c\n"),
            ("chart/templates/app.yaml", "kind: {{ .Values.kind }}\n"),
            ("chart/charts/below/Chart.yaml", "apiVersion: v2\nname: below\n"),
        ];
        let folder = folder("others", &files);
        assert_eq!(names(&folder, &["secret.yaml"]), ["app/app.yaml"]);
        let found = read_wanted([&folder], &Wanted::default()).unwrap();
        let told: Vec<String> = found.problems().into_iter().filter_map(|problem| problem.help).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("kustomize:") && told[1].contains("helm:"), "{told:?}");
        let named = read_wanted([folder.join("values.yaml")], &Wanted::default()).unwrap();
        assert_eq!(named.sources.len(), 1, "what is named is read");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_counts_once_however_it_is_reached() {
        let folder = folder("links", &[("..2026/mesh.yaml", OBJECT), ("real/a.yaml", OBJECT)]);
        // As a mounted ConfigMap has it.
        std::os::unix::fs::symlink("..2026", folder.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/mesh.yaml", folder.join("mesh.yaml")).unwrap();
        std::os::unix::fs::symlink("real", folder.join("again")).unwrap();
        std::os::unix::fs::symlink("..", folder.join("real/back")).unwrap();
        std::os::unix::fs::symlink("nowhere.yaml", folder.join("gone.yaml")).unwrap();
        assert_eq!(names(&folder, &[]), ["again/a.yaml", "mesh.yaml"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_wrong_pattern_is_told() {
        let error = Excluded::new(["a/[".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("a/["), "{error}");
    }
}
