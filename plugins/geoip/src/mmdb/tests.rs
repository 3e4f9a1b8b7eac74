use std::{cell::Cell, fs, path::PathBuf};

use maxminddb::{Reader, WithinOptions};
use palisade_sdk::Failure;
use serde_json::{Value, json};

use super::{Database, Source, pages};

/// A file in memory that counts what is read of it.
#[derive(Clone)]
struct Memory<'a> {
    bytes: &'a [u8],
    read: &'a Cell<u64>,
}

impl Source for Memory<'_> {
    fn size(&self) -> Result<u64, Failure> {
        Ok(self.bytes.len() as u64)
    }

    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        let start = usize::try_from(offset).unwrap().min(self.bytes.len());
        let end = (start + length as usize).min(self.bytes.len());
        self.read.set(self.read.get() + (end - start) as u64);
        Ok(self.bytes[start..end].to_vec())
    }
}

/// Databases that a reader must read, or those that broke one.
fn files(kind: &str) -> Vec<(String, Vec<u8>)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/databases").join(kind);
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn good(name: &str) -> Vec<u8> {
    files("good").into_iter().find(|(file, _)| file == name).unwrap().1
}

fn look_up(bytes: &[u8], ip: &str) -> Result<Option<(Value, String)>, Failure> {
    let read = Cell::new(0);
    let found = Database::open(Memory { bytes, read: &read })?.look_up(ip.parse().unwrap())?;
    Ok(found.map(|found| (found.record, found.network)))
}

/// What any file may cost, whatever is in it: its tail, and as many pages as a call has.
fn bounded(bytes: &[u8], ips: &[&str]) -> Vec<String> {
    let outcome = |ip: &&str| {
        let read = Cell::new(0);
        let database = Database::open(Memory { bytes, read: &read });
        let found = database.and_then(|database| database.look_up(ip.parse().unwrap()));
        let most = 128 * 1024 + (pages::PAGES as u64) * u64::from(pages::PAGE_BYTES);
        assert!(read.get() <= most, "{} bytes are read", read.get());
        match found {
            Ok(found) => format!("{}", found.map_or(Value::Null, |found| found.record)),
            Err(Failure::Upstream(error)) => error.message,
            Err(other) => other.sentence(),
        }
    };
    ips.iter().map(outcome).collect()
}

#[test]
fn every_network_of_every_database_is_what_another_reader_finds() {
    let mut networks = 0;
    for (name, bytes) in files("good") {
        // The other reader cannot make JSON of bytes and of 128 bits.
        if name.ends_with("decoder") {
            continue;
        }
        let read = Cell::new(0);
        let ours = Database::open(Memory { bytes: &bytes, read: &read }).unwrap();
        let theirs = Reader::from_source(&bytes[..]).unwrap();
        for found in theirs.networks(WithinOptions::default()).unwrap() {
            let found = found.unwrap();
            let network = found.network().unwrap();
            let record: Value = found.decode().unwrap().unwrap();
            for ip in [network.ip(), network.broadcast()] {
                let ours = ours.look_up(ip).unwrap().unwrap_or_else(|| panic!("{ip} is not found in {name}"));
                assert_eq!((ours.record, ours.network), (record.clone(), network.to_string()), "{name}");
            }
            networks += 1;
        }
    }
    assert!(networks > 1_000, "only {networks} networks");
}

#[test]
fn every_type_has_its_value() {
    let (record, network) = look_up(&good("MaxMind-DB-test-decoder"), "1.1.1.7").unwrap().unwrap();
    assert_eq!(network, "1.1.1.0/24");
    assert_eq!(
        record,
        json!({
            "array": [1, 2, 3],
            "boolean": true,
            "bytes": "0000002a",
            "double": 42.123456,
            "float": 1.1_f32,
            "int32": -268_435_456,
            "map": { "mapX": { "arrayX": [7, 8, 9], "utf8_stringX": "hello" } },
            "uint16": 100,
            "uint32": 268_435_456,
            "uint64": 1_152_921_504_606_846_976_u64,
            "uint128": "1329227995784915872903807060280344576",
            "utf8_string": "unicode! ☯ - ♫",
        })
    );
    let (zeros, _) = look_up(&good("MaxMind-DB-test-decoder"), "::").unwrap().unwrap();
    assert_eq!((&zeros["uint128"], &zeros["int32"], &zeros["bytes"]), (&json!(0), &json!(0), &json!("")));
}

#[test]
fn an_address_is_looked_for_in_the_form_that_the_database_has() {
    let mixed = good("MaxMind-DB-test-mixed-28");
    for ip in ["1.1.1.1", "::1.1.1.1", "::ffff:1.1.1.1"] {
        let (record, _) = look_up(&mixed, ip).unwrap().unwrap();
        assert_eq!(record, json!({ "ip": "::1.1.1.1" }), "{ip}");
    }
    assert_eq!(look_up(&mixed, "9.9.9.9").unwrap(), None);
    let only_ipv4 = good("MaxMind-DB-test-ipv4-28");
    assert_eq!(look_up(&only_ipv4, "::ffff:1.1.1.3").unwrap().unwrap().1, "1.1.1.2/31");
    let failure = look_up(&only_ipv4, "2001:db8::1").unwrap_err();
    assert_eq!(failure, Failure::not_found("the database has no IPv6 addresses"));
    let whole = look_up(&good("MaxMind-DB-no-ipv4-search-tree"), "1.1.1.1").unwrap().unwrap();
    assert_eq!(whole, (json!("::/64"), "::/64".to_owned()));
}

#[test]
fn little_of_a_large_database_is_read() {
    let bytes = good("GeoIP2-City-Test");
    // As large as a real one: what is put between the data and the metadata is never looked at.
    let marker = bytes.windows(14).rposition(|window| window == b"\xab\xcd\xefMaxMind.com").unwrap();
    let large = [&bytes[..marker], &vec![0; 70 << 20], &bytes[marker..]].concat();
    let read = Cell::new(0);
    let database = Database::open(Memory { bytes: &large, read: &read }).unwrap();
    let found = database.look_up("81.2.69.142".parse().unwrap()).unwrap().unwrap();
    assert_eq!(found.record["city"]["names"]["en"], "London");
    assert!(read.get() < 200 * 1024, "{} bytes are read", read.get());
    // What was read is not read again.
    let before = read.get();
    database.look_up("81.2.69.142".parse().unwrap()).unwrap();
    assert_eq!(read.get(), before);
}

#[test]
fn databases_that_broke_other_readers_are_read_or_refused() {
    // A record is good, or says what is wrong; at least one of the addresses meets the damage.
    let ips = ["1.1.1.1", "1.1.1.32", "81.2.69.142", "128.0.0.0", "255.255.255.252", "::"];
    for (name, bytes) in files("bad") {
        let expected = match name.as_str() {
            "GeoIP2-City-Test-Broken-Double-Format" => "it has a value of type 3 with the size 7",
            "GeoIP2-City-Test-Invalid-Node-Count" => "its search tree is longer than the file",
            "MaxMind-DB-test-broken-pointers-24" => "it points behind its end",
            "MaxMind-DB-test-broken-search-tree-24" => "its search tree is deeper than an address",
            "bad-unicode-in-map-key" | "invalid-data-record-offset" => "a text is not UTF-8",
            "libmaxminddb-deep-array-nesting" | "libmaxminddb-deep-nesting" => {
                "a record is nested too deeply"
            }
            "libmaxminddb-metadata-marker-only" | "libmaxminddb-offset-integer-overflow" => {
                "it points behind its end"
            }
            "libmaxminddb-separator-record-max-left"
            | "libmaxminddb-separator-record-min-left"
            | "libmaxminddb-separator-record-min-right" => "its search tree leads between tree and data",
            // Odd, and good enough for a look-up: the first one's damage is where no address leads.
            "libmaxminddb-corrupt-search-tree"
            | "libmaxminddb-empty-array-last-in-metadata"
            | "libmaxminddb-empty-map-last-in-metadata"
            | "libmaxminddb-uint64-max-epoch" => r#"{"ip":"test"}"#,
            _ => "a value is longer than the file",
        };
        let outcomes = bounded(&bytes, &ips);
        assert!(outcomes.iter().any(|outcome| outcome.ends_with(expected)), "{name}: {outcomes:#?}");
    }
}

/// A database for one network, 0.0.0.0/1, whose record is these bytes.
fn of_one_record(record: &[u8]) -> Vec<u8> {
    let bytes = good("MaxMind-DB-test-ipv4-24");
    let marker = bytes.windows(14).rposition(|window| window == b"\xab\xcd\xefMaxMind.com").unwrap();
    let mut metadata = bytes[marker..].to_vec();
    let nodes = metadata.windows(10).position(|window| window == b"node_count").unwrap() + 10;
    // A `uint16` (or `uint32`) of one byte.
    metadata[nodes + 1] = 1;
    let left = 1 + 16;
    [&[0, 0, left, 0, 0, 1][..], &[0; 16], record, &metadata].concat()
}

#[test]
fn a_record_that_claims_too_much_is_refused() {
    let refused = |record: &[u8]| bounded(&of_one_record(record), &["1.1.1.1"]).remove(0);
    assert_eq!(refused(&[0x43, b'a', b'b', b'c']), r#""abc""#);
    // A list of itself.
    assert!(refused(&[0x01, 0x04, 0x20, 0x00]).ends_with("nested too deeply"));
    // A pointer to itself.
    assert!(refused(&[0x20, 0x00]).ends_with("a pointer leads to a pointer"));
    // Lists of two pointers to the next list each: 2^30 values in 180 bytes.
    let mut doubling: Vec<u8> =
        (1..=30_u8).flat_map(|level| [0x02, 0x04, 0x20, level * 6, 0x20, level * 6]).collect();
    doubling.push(0x40);
    assert!(refused(&doubling).ends_with("too many values"));
    // A list of sixteen million values, and one text of sixteen million bytes.
    assert!(
        refused(&[&[0x1f, 0x04, 0xff, 0xff, 0xff][..], &[0x40; 8_000]].concat()).ends_with("too many values")
    );
    assert!(refused(&[0x5f, 0xff, 0xff, 0xff]).ends_with("too long texts"));
    // Many pointers to one long text.
    let mut repeated = vec![0x1e, 0x04, 0x00, 0x10];
    repeated.extend([0x28, 0x00, 0x00].repeat(301));
    repeated.resize(2_048, 0);
    repeated.extend([&[0x5e, 0xff, 0xff][..], &[b'x'; 66_000]].concat());
    assert!(refused(&repeated).ends_with("too long texts"));
    // A key that is no text, types that there are not, and sizes that a type has not.
    assert!(refused(&[0xe1, 0xa1, 7, 0xa1, 7]).ends_with("a key is not a text"));
    for nonsense in
        [&[0x00, 0x05][..], &[0x00, 0x06], &[0x00, 0x09], &[0x00, 0x00], &[0xa3, 1, 1, 1], &[0x02, 0x07]]
    {
        let why = refused(nonsense);
        assert!(why.contains("it has a value of"), "{nonsense:?}: {why}");
    }
}

#[test]
fn a_tree_without_an_end_is_left_after_the_last_bit() {
    let mut bytes = of_one_record(&[0x43, b'a', b'b', b'c']);
    bytes[..6].fill(0);
    assert!(bounded(&bytes, &["1.1.1.1"])[0].ends_with("its search tree is deeper than an address"));
}

#[test]
fn no_damage_makes_it_panic_or_read_without_end() {
    let bytes = good("MaxMind-DB-test-mixed-28");
    let ips = ["1.1.1.1", "::2:0:40", "1.1.1.16"];
    for length in 0..bytes.len() {
        bounded(&bytes[..length], &ips);
    }
    let mut damaged = bytes.clone();
    for place in 0..bytes.len() {
        for value in [0x00, 0x20, 0x5f, 0xe1, 0xff, bytes[place] ^ 1] {
            damaged[place] = value;
            bounded(&damaged, &ips);
        }
        damaged[place] = bytes[place];
    }
}

/// A file that shrinks while it is read.
struct Shrinking<'a>(Memory<'a>);

impl Source for Shrinking<'_> {
    fn size(&self) -> Result<u64, Failure> {
        self.0.size()
    }

    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        let half = self.0.bytes.len() / 2;
        Memory { bytes: &self.0.bytes[..half], read: self.0.read }.read(offset, length)
    }
}

#[test]
fn a_file_that_is_written_over_is_said_to_be() {
    let (bytes, read) = (good("MaxMind-DB-test-mixed-28"), Cell::new(0));
    let failure = Database::open(Shrinking(Memory { bytes: &bytes, read: &read })).err();
    assert_eq!(failure, Some(Failure::Unavailable("the database was changed while it was read".into())));
}
