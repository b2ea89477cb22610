//! Files that are packed: `.gz` and `.zst`, and archives of files, as `istioctl bug-report` and
//! `oc adm must-gather` make them.
//!
//! What is packed is told by how it begins, not by its name. It may not be a bomb: what comes of it is
//! limited by how large it is.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use waypoint_xds::text::SourceFile;

use crate::folder;
use crate::objects::may_hold_objects;
use crate::{FileError, Found, Unrendered, Wanted, Within, failed};

/// How many times its size a packed file may become: twice what the most even YAML does.
const GROWTH: usize = 300;

/// How much any packed file may become, however small it is.
const LEAST: usize = 16 << 20;

/// Adds what comes of one file's bytes: its text if that is to be taken, or the texts of an archive's files
/// that may hold objects. Of what is packed, no more than the limit is unpacked.
pub(crate) fn read_into(
    name: &str,
    bytes: Vec<u8>,
    wanted: &Wanted,
    is_taken: &mut dyn FnMut(&SourceFile) -> bool,
    found: &mut Found,
) -> Result<(), FileError> {
    let bound = wanted.bytes.min(bytes.len().saturating_mul(GROWTH).max(LEAST));
    let bytes = match kind(&bytes) {
        Some(Packed::Gzip) => unpack(name, MultiGzDecoder::new(bytes.as_slice()), bound)?,
        Some(Packed::Zstandard) => {
            let decoder = StreamingDecoder::new(bytes.as_slice()).map_err(|error| broken(name, &error))?;
            unpack(name, decoder, bound)?
        }
        None => bytes,
    };
    if is_archive(&bytes) {
        return archive(name, &bytes, wanted, found);
    }
    found.sources.extend(Some(SourceFile::from_bytes(name, &bytes)).filter(|source| is_taken(source)));
    Ok(())
}

enum Packed {
    Gzip,
    Zstandard,
}

fn kind(bytes: &[u8]) -> Option<Packed> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Packed::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstandard),
        _ => None,
    }
}

/// Archives have it in the head of their first file.
fn is_archive(bytes: &[u8]) -> bool {
    bytes.get(257..262).is_some_and(|magic| magic == b"ustar")
}

fn unpack(name: &str, packed: impl Read, bound: usize) -> Result<Vec<u8>, FileError> {
    let bytes = read_all(packed, bound).map_err(|error| broken(name, &error))?;
    if bytes.len() > bound {
        return Err(FileError::Packed {
            path: name.into(),
            reason: format!("it unpacks to more than {bound} bytes"),
        });
    }
    Ok(bytes)
}

fn broken(name: &str, error: &dyn std::fmt::Display) -> FileError {
    FileError::Packed { path: name.into(), reason: error.to_string() }
}

/// Adds the files of an archive that may hold objects, by their path in it, as a directory is read.
fn archive(name: &str, bytes: &[u8], wanted: &Wanted, found: &mut Found) -> Result<(), FileError> {
    let mut paths = Vec::new();
    each_file(name, bytes, |path, _| {
        paths.push(path);
        Ok(())
    })?;
    let among = folder::among(Path::new(""), &paths, &wanted.excluded)?;
    let named = |path: &Path| PathBuf::from(name).join(path);
    found.unrendered.extend(among.unrendered.iter().map(|(directory, renderer)| {
        let (directory, renderer) = (named(directory), *renderer);
        Unrendered { directory, renderer, within: Within::Archive }
    }));
    let mut sources = Vec::new();
    each_file(name, bytes, |path, entry| {
        if among.taken.contains(&path) {
            let mut file = Vec::new();
            entry.read_to_end(&mut file)?;
            sources.push(SourceFile::from_bytes(named(&path).display().to_string(), &file));
        }
        Ok(())
    })?;
    sources.retain(|source| may_hold_objects(source, wanted.bytes));
    sources.sort_by(|a, b| a.name().cmp(b.name()));
    found.sources.extend(sources);
    Ok(())
}

/// Looks at the files of an archive, each with its path.
fn each_file(
    name: &str,
    bytes: &[u8],
    mut look: impl FnMut(PathBuf, &mut dyn Read) -> std::io::Result<()>,
) -> Result<(), FileError> {
    let mut all = || -> std::io::Result<()> {
        for entry in tar::Archive::new(bytes).entries()? {
            let mut entry = entry?;
            if entry.header().entry_type().is_file() {
                // `tar -c .` writes `./a`.
                let is_name = |part: &Component<'_>| *part != Component::CurDir;
                let path = entry.path()?.components().filter(is_name).collect();
                look(path, &mut entry)?;
            }
        }
        Ok(())
    };
    all().map_err(|error| broken(name, &error))
}

/// The bytes of a file, at most one more than the limit, to see that there is more: a device may have no end.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let file = std::fs::File::open(path);
    file.and_then(|file| read_all(file, limit)).map_err(|error| failed(path, error))
}

/// As [`read`], of any reader.
pub(crate) fn read_all(reader: impl Read, limit: usize) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const OBJECT: &[u8] = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";

    fn read(name: &str, bytes: Vec<u8>, limit: usize) -> Result<Found, FileError> {
        let (wanted, mut found) = (Wanted { bytes: limit, ..Wanted::default() }, Found::default());
        read_into(name, bytes, &wanted, &mut |_| true, &mut found).map(|()| found)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn texts(bytes: Vec<u8>) -> Vec<(String, String)> {
        let found = read("f", bytes, 1 << 30).unwrap();
        found.sources.iter().map(|source| (source.name().to_string(), source.text().to_owned())).collect()
    }

    #[test]
    fn what_is_packed_reads_as_what_is_not() {
        let plain = texts(OBJECT.to_vec());
        let zstandard =
            ruzstd::encoding::compress_to_vec(OBJECT, ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!([texts(gzip(OBJECT)), texts(zstandard)], [plain.clone(), plain]);
    }

    #[test]
    fn a_bug_report_has_its_clusters_objects() {
        let report = tar(&[
            ("bug-report/cluster/k8s-resources", OBJECT),
            ("bug-report/cluster/crs", OBJECT),
            ("bug-report/cluster/events", b"LAST SEEN apiVersion"),
            ("bug-report/istio/istiod/istiod.log", OBJECT),
            ("bug-report/values.yaml", b"a: 1"),
            ("must-gather/namespaces/shop/core/pods.yaml", OBJECT),
            ("must-gather/namespaces/shop/pods/a/a.yaml", OBJECT),
        ]);
        let names: Vec<String> = texts(gzip(&report)).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "f/bug-report/cluster/crs",
                "f/bug-report/cluster/k8s-resources",
                "f/must-gather/namespaces/shop/core/pods.yaml"
            ]
        );
    }

    #[test]
    fn an_archive_is_read_as_a_directory_is() {
        let deploy = tar(&[
            ("./deploy/a.yaml", OBJECT),
            ("./deploy/.hidden/b.yaml", OBJECT),
            ("./deploy/values.yaml", b"kind: DaemonSet"),
            ("./deploy/chart/Chart.yaml", b"apiVersion: v2"),
            ("./deploy/chart/templates/c.yaml", b"kind: {{ .Values.kind }}"),
            ("./deploy/over/kustomization.yaml", b"resources: [d.yaml]"),
            ("./deploy/over/d.yaml", OBJECT),
        ]);
        let found = read("all.tar", deploy, 1 << 30).unwrap();
        let names: Vec<&str> = found.sources.iter().map(|source| source.name().as_str()).collect();
        assert_eq!(names, ["all.tar/deploy/a.yaml", "all.tar/deploy/over/d.yaml"]);
        let told: Vec<String> = found.problems().into_iter().map(|problem| problem.message).collect();
        assert_eq!(
            told,
            [
                "`all.tar/deploy/chart` is a Helm chart: nothing of it was read",
                "`all.tar/deploy/over` has a kustomization: its files were read as they are",
            ]
        );
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = gzip(&vec![b'a'; 32 << 20]);
        assert!(bomb.len() * GROWTH < LEAST);
        let error = read("bomb.gz", bomb, 1 << 30).unwrap_err().to_string();
        assert_eq!(error, "bomb.gz: it unpacks to more than 16777216 bytes");
        let error = read("a.gz", gzip(OBJECT), 10).unwrap_err().to_string();
        assert_eq!(error, "a.gz: it unpacks to more than 10 bytes");
    }

    #[test]
    fn what_is_cut_short_is_told() {
        let mut cut = gzip(OBJECT);
        cut.truncate(30);
        assert!(read("cut.gz", cut, 1 << 30).unwrap_err().to_string().starts_with("cut.gz: "));
        let mut cut = tar(&[("a.yaml", &[b'a'; 2000])]);
        cut.truncate(1000);
        assert!(read("cut.tar", cut, 1 << 30).is_err());
    }
}
