//! Files that are packed: `.gz` and `.zst`, and archives of files, as `istioctl bug-report` and
//! `oc adm must-gather` make them.
//!
//! What is packed is told by how it begins, not by its name. It may not be a bomb: what comes of it is
//! limited by how large it is.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use waypoint_xds::text::SourceFile;

use crate::folder;
use crate::{FileError, failed};

/// How many times its size a packed file may become: twice what the most even YAML does.
const GROWTH: usize = 300;

/// How much any packed file may become, however small it is.
const LEAST: usize = 16 << 20;

/// What comes of one file's bytes: its text, or the texts of an archive's files that may hold objects. Of
/// what is packed, no more than `limit` bytes are unpacked.
pub(crate) fn sources(name: &str, bytes: Vec<u8>, limit: usize) -> Result<Vec<SourceFile>, FileError> {
    let bound = limit.min(bytes.len().saturating_mul(GROWTH).max(LEAST));
    let bytes = match kind(&bytes) {
        Some(Packed::Gzip) => unpack(name, MultiGzDecoder::new(bytes.as_slice()), bound)?,
        Some(Packed::Zstandard) => {
            let decoder = StreamingDecoder::new(bytes.as_slice()).map_err(|error| broken(name, &error))?;
            unpack(name, decoder, bound)?
        }
        None => bytes,
    };
    if is_archive(&bytes) {
        return archive(name, &bytes);
    }
    Ok(vec![SourceFile::from_bytes(name, &bytes)])
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

/// The files of an archive that may hold objects, by their path in it.
fn archive(name: &str, bytes: &[u8]) -> Result<Vec<SourceFile>, FileError> {
    let mut sources = Vec::new();
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries().map_err(|error| broken(name, &error))? {
        let mut entry = entry.map_err(|error| broken(name, &error))?;
        let path = entry.path().map_err(|error| broken(name, &error))?.into_owned();
        if !entry.header().entry_type().is_file() || !folder::is_read(&path) || folder::is_said_twice(&path) {
            continue;
        }
        let mut file = Vec::new();
        entry.read_to_end(&mut file).map_err(|error| broken(name, &error))?;
        sources.push(SourceFile::from_bytes(format!("{name}/{}", path.display()), &file));
    }
    sources.retain(folder::may_hold_objects);
    sources.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(sources)
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
    const LIMIT: usize = 1 << 30;

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
        let sources = sources("f", bytes, LIMIT).unwrap();
        sources.iter().map(|source| (source.name().to_string(), source.text().to_owned())).collect()
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
    fn a_bomb_is_not_unpacked() {
        let bomb = gzip(&vec![b'a'; 32 << 20]);
        assert!(bomb.len() * GROWTH < LEAST);
        let error = sources("bomb.gz", bomb, LIMIT).unwrap_err().to_string();
        assert_eq!(error, "bomb.gz: it unpacks to more than 16777216 bytes");
        let error = sources("a.gz", gzip(OBJECT), 10).unwrap_err().to_string();
        assert_eq!(error, "a.gz: it unpacks to more than 10 bytes");
    }

    #[test]
    fn what_is_cut_short_is_told() {
        let mut cut = gzip(OBJECT);
        cut.truncate(30);
        assert!(sources("cut.gz", cut, LIMIT).unwrap_err().to_string().starts_with("cut.gz: "));
        let mut cut = tar(&[("a.yaml", &[b'a'; 2000])]);
        cut.truncate(1000);
        assert!(sources("cut.tar", cut, LIMIT).is_err());
    }
}
