//! `cargo xtask coverage`: what of the schemas, and which feature flags, no golden or reference case has.
//!
//! The list is committed (`docs/coverage.md`) and may only shrink.

mod settings;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use schemas::{Around, Extract, Field, Kind};
use waypoint_xds::features::Features;
use waypoint_xds::limits::Limits;
use waypoint_xds::text::{Node, SourceFile, documents};

use crate::args::Update;
use crate::{Result, root};

/// Kinds most of whose fields nothing depends on.
const NOT_COUNTED: [&str; 4] = ["Node", "ObjectMeta", "Pod", "ServiceAccount"];
/// Kinds that are only looked at: nothing depends on what is in them. Of groups without a kind here it is
/// all.
const PASSED_OVER: [(&str, &str); 7] = [
    ("apps", ""),
    ("argoproj.io", ""),
    ("batch", ""),
    ("networking.istio.io", "Gateway"),
    ("networking.istio.io", "Sidecar"),
    ("networking.istio.io", "WorkloadGroup"),
    // Only lint reads it.
    ("networking.k8s.io", "NetworkPolicy"),
];
const EXTRACTS: [&str; 5] = ["istio", "gateway-api", "inference", "multicluster", "kubernetes"];

/// What cases have: fields, values and flags.
#[derive(Default)]
struct Reached {
    fields: BTreeSet<String>,
    values: BTreeSet<String>,
    flags: BTreeSet<String>,
    /// `NAME=VALUE` of flags.
    flag_values: BTreeSet<String>,
}

/// Runs the task.
pub(crate) fn run(&Update { update }: &Update) -> Result<()> {
    let found = reference_files::unless_skipped("reference/cases", "coverage")?;
    let Some(reference) = found else { return Ok(()) };
    let mut extracts = Vec::new();
    for name in EXTRACTS {
        let text = std::fs::read_to_string(root().join(format!("crates/model/schemas/{name}.txt")))?;
        let mut extract = Extract::read(&text).map_err(|error| format!("{name}: {error}"))?;
        extract.kinds.retain(is_kept);
        extracts.push(extract);
    }
    let mut golden = Reached::default();
    let mut all = Reached::default();
    for (path, is_golden) in files(&reference)? {
        golden_and_all(&extracts, &path, is_golden, &mut golden, &mut all)?;
    }
    let report = report(&extracts, &golden, &all)?;
    let path = root().join("docs/coverage.md");
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let missed = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect()
    };
    let (before, now) = (missed(&old), missed(&report));
    if update {
        std::fs::write(&path, &report)?;
        println!("wrote {}: {} are missed, {} were", path.display(), now.len(), before.len());
        return Ok(());
    }
    let more: Vec<_> = now.difference(&before).cloned().collect();
    if !more.is_empty() {
        return Err(format!("no case has these any more, or yet:\n{}", more.join("\n")).into());
    }
    if now.len() < before.len() {
        println!("coverage: {} less are missed: cargo xtask coverage --update", before.len() - now.len());
    }
    Ok(())
}

/// The inputs and flags of golden cases, and those of the reference.
fn files(reference: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("testdata/cases"))? {
        files.push((entry?.path(), true));
    }
    for case in std::fs::read_dir(root().join("testdata/clusters"))? {
        for entry in std::fs::read_dir(case?.path())? {
            files.push((entry?.path(), true));
        }
    }
    for case in std::fs::read_dir(reference)? {
        let case = case?.path();
        files.extend(["input.yaml", "mesh.yaml", "features"].map(|name| (case.join(name), false)));
    }
    files.sort();
    files.retain(|(path, _)| path.is_file());
    Ok(files)
}

fn is_kept(kind: &Kind) -> bool {
    !PASSED_OVER.iter().any(|(group, name)| kind.group == *group && (name.is_empty() || kind.name == *name))
}

fn golden_and_all(
    extracts: &[Extract],
    path: &Path,
    is_golden: bool,
    golden: &mut Reached,
    all: &mut Reached,
) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    if path.ends_with("features") || path.extension().is_some_and(|extension| extension == "features") {
        for line in text.lines() {
            let name = line.split('=').next().unwrap_or_default();
            let mut reached = vec![&mut *all];
            reached.extend(is_golden.then_some(&mut *golden));
            for reached in reached {
                reached.flags.insert(name.trim().to_owned());
                reached.flag_values.insert(line.trim().to_owned());
            }
        }
        return Ok(());
    }
    if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("mesh.yaml")) {
        settings::mesh_config(&text, all);
        if is_golden {
            settings::mesh_config(&text, golden);
        }
        return Ok(());
    }
    let file = SourceFile::new(path.display().to_string(), text);
    for document in documents(&file, &Limits::DEFAULT).flatten() {
        let root = document.root();
        let items: Vec<Node<'_>> = match root.get("items") {
            Some(items) => items.items().collect(),
            None => vec![root],
        };
        for object in items {
            object_of(extracts, object, all);
            if is_golden {
                object_of(extracts, object, golden);
            }
        }
    }
    Ok(())
}

fn object_of(extracts: &[Extract], object: Node<'_>, reached: &mut Reached) {
    settings::of_object(object, reached);
    let text = |key| object.get(key).and_then(Node::as_str).unwrap_or_default();
    let (version, name) = (text("apiVersion"), text("kind"));
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let Some(kind) = extracts.iter().find_map(|extract| extract.kind(group, name)) else { return };
    mapping(&kind.fields, object, name, reached);
}

fn mapping(fields: &[Field], node: Node<'_>, path: &str, reached: &mut Reached) {
    for field in fields {
        if let Some(value) = node.get(&field.name).filter(|value| !value.is_null()) {
            let path = format!("{path}.{}", field.name);
            inside(field, 0, value, &path, reached);
            reached.fields.insert(path);
        }
    }
}

fn inside(field: &Field, depth: usize, node: Node<'_>, path: &str, reached: &mut Reached) {
    match field.shape.around.get(depth) {
        Some(Around::List) => node.items().for_each(|item| inside(field, depth + 1, item, path, reached)),
        Some(Around::Map) => {
            node.entries().for_each(|(_, value)| inside(field, depth + 1, value, path, reached))
        }
        None if field.fields.is_empty() => {
            reached.values.insert(format!("{path}={}", node.text()));
        }
        None => mapping(&field.fields, node, path, reached),
    }
}

/// All fields below some, and all values that they may have, by path.
fn wanted(fields: &[Field], path: &str, paths: &mut BTreeSet<String>, values: &mut BTreeSet<String>) {
    for field in fields.iter().filter(|field| field.name != "status") {
        let path = format!("{path}.{}", field.name);
        let known = field.facts.iter().filter(|fact| fact.what == schemas::What::Value);
        values.extend(known.map(|fact| format!("{path}={}", fact.value)));
        wanted(&field.fields, &path, paths, values);
        paths.insert(path);
    }
}

fn report(extracts: &[Extract], golden: &Reached, all: &Reached) -> Result<String> {
    let mut out = String::from(
        "# What cases reach\n\n\
         Fields of the schemas, values that they list, and feature flags, that golden cases (`testdata/cases`) and the\n\
         reference's inputs have; of a MeshConfig, with the ProxyConfig in it, those that are read. Written by `cargo xtask coverage --update`; the lists of what no case has may only shrink. A\n\
         field of a kind's `status` does not count.\n\n\
         | kind | fields | in golden cases | in any | values | in golden cases | in any |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut missed = (Vec::new(), Vec::new());
    let mut kinds: Vec<_> = extracts.iter().flat_map(|extract| &extract.kinds).collect();
    kinds.retain(|kind| !NOT_COUNTED.contains(&kind.name.as_str()));
    let of_kind = |kind: &schemas::Kind| {
        let (mut fields, mut values) = (BTreeSet::new(), BTreeSet::new());
        wanted(&kind.fields, &kind.name, &mut fields, &mut values);
        (kind.name.clone(), (fields, values))
    };
    let of_mesh = (settings::MESH_CONFIG.to_owned(), settings::wanted()?);
    for (name, (fields, values)) in kinds.into_iter().map(of_kind).chain([of_mesh]) {
        let count =
            |wanted: &BTreeSet<String>, reached: &BTreeSet<String>| wanted.intersection(reached).count();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            name,
            fields.len(),
            count(&fields, &golden.fields),
            count(&fields, &all.fields),
            values.len(),
            count(&values, &golden.values),
            count(&values, &all.values),
        );
        missed.0.extend(fields.difference(&all.fields).cloned());
        missed.1.extend(values.difference(&all.values).cloned());
    }
    // What is below a field that no case has need not be said.
    let below =
        |path: &&String, all: &[String]| all.iter().any(|other| path.starts_with(&format!("{other}.")));
    let fields: Vec<String> = missed.0.iter().filter(|path| !below(path, &missed.0)).cloned().collect();
    let values: Vec<&String> = missed
        .1
        .iter()
        .filter(|value| !missed.0.iter().any(|field| value.starts_with(field.as_str())))
        .collect();
    section(&mut out, "Fields that no case has", fields.iter());
    section(&mut out, "Values that no case has", values.into_iter());
    let flags: Vec<String> = Features::NAMES.iter().map(|name| (*name).to_owned()).collect();
    section(&mut out, "Flags that no case sets", flags.iter().filter(|name| !all.flags.contains(*name)));
    let values = settings::flag_values();
    let unset = values.iter().filter(|value| !settings::is_set(value, &all.flag_values));
    section(&mut out, "Values of flags that no case sets", unset);
    Ok(out)
}

fn section<'s>(out: &mut String, title: &str, list: impl Iterator<Item = &'s String>) {
    let _ = writeln!(out, "\n## {title}\n");
    for item in list {
        let _ = writeln!(out, "- `{item}`");
    }
}
