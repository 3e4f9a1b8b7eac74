use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::subject::Subject;

/// How many names of a file are kept: some have thousands.
const NAMES_MAX: usize = 20;

/// What VirusTotal knows of an address, a domain, a URL or a file.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Reputation {
    /// What was asked for.
    pub(crate) subject: String,
    /// Whether VirusTotal knows it. If not, it has nothing to say, neither good nor bad.
    pub(crate) known: bool,
    /// Engines that call it malicious.
    pub(crate) malicious: u32,
    /// Engines that call it suspicious.
    pub(crate) suspicious: u32,
    /// Engines that call it harmless.
    pub(crate) harmless: u32,
    /// Engines that have found nothing.
    pub(crate) undetected: u32,
    /// Where a person reads it.
    pub(crate) link: Option<String>,
    /// The engines that call it malicious or suspicious, by name.
    detections: Vec<Detection>,
    /// What the community's votes add up to; negative is bad.
    reputation: Option<i64>,
    /// When the engines looked last, in seconds since 1970.
    last_analysis: Option<u64>,
    /// VirusTotal's own tags.
    tags: Vec<String>,
    /// What engines file a domain or a URL under.
    categories: Vec<String>,
    /// The family that most engines name.
    threat: Option<String>,
    /// Holder of the autonomous system of an address.
    owner: Option<String>,
    /// Number of that autonomous system.
    asn: Option<u64>,
    /// Network of an address.
    network: Option<String>,
    /// Country of an address, as two letters.
    country: Option<String>,
    /// Registrar of a domain.
    registrar: Option<String>,
    /// When a domain was registered, in seconds since 1970.
    created: Option<u64>,
    /// Title of a URL's page.
    title: Option<String>,
    /// Where a URL ends after its redirects.
    final_url: Option<String>,
    /// SHA-256 of a file.
    sha256: Option<String>,
    /// What kind of file it is.
    file_type: Option<String>,
    /// Size of a file in bytes.
    size: Option<u64>,
    /// Names that a file was seen under, at most 20.
    names: Vec<String>,
}

/// One engine's verdict.
#[derive(Serialize, JsonSchema)]
struct Detection {
    /// Name of the engine.
    engine: String,
    /// `malicious` or `suspicious`.
    category: String,
    /// What it calls it.
    result: Option<String>,
}

/// The attributes of an object, as far as they are used.
#[derive(Deserialize)]
pub(crate) struct Attributes {
    /// Missing if no engine has looked yet.
    #[serde(default)]
    last_analysis_stats: Counts,
    #[serde(default)]
    last_analysis_results: BTreeMap<String, Result>,
    reputation: Option<i64>,
    last_analysis_date: Option<u64>,
    #[serde(default)]
    tags: Vec<String>,
    /// By engine.
    #[serde(default)]
    categories: BTreeMap<String, String>,
    popular_threat_classification: Option<Threat>,
    as_owner: Option<String>,
    asn: Option<u64>,
    network: Option<String>,
    country: Option<String>,
    registrar: Option<String>,
    creation_date: Option<u64>,
    title: Option<String>,
    last_final_url: Option<String>,
    sha256: Option<String>,
    type_description: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    names: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    malicious: u32,
    suspicious: u32,
    harmless: u32,
    undetected: u32,
}

#[derive(Deserialize)]
struct Result {
    category: String,
    result: Option<String>,
}

#[derive(Deserialize)]
struct Threat {
    suggested_threat_label: Option<String>,
}

impl Reputation {
    pub(crate) fn new(subject: &Subject, attributes: Option<Attributes>) -> Self {
        let named = Self { subject: subject.name.clone(), ..Self::default() };
        let Some(found) = attributes else { return named };
        let counts = found.last_analysis_stats;
        let detections = found
            .last_analysis_results
            .into_iter()
            .filter(|(_, verdict)| matches!(verdict.category.as_str(), "malicious" | "suspicious"))
            .map(|(engine, Result { category, result })| Detection { engine, category, result })
            .collect();
        // The page of a URL goes by the same identifier as the API.
        let link = format!("https://www.virustotal.com/gui/{}/{}", subject.page, subject.id);
        let categories: BTreeSet<_> = found.categories.into_values().collect();
        Self {
            known: true,
            malicious: counts.malicious,
            suspicious: counts.suspicious,
            harmless: counts.harmless,
            undetected: counts.undetected,
            link: Some(link),
            detections,
            reputation: found.reputation,
            last_analysis: found.last_analysis_date,
            tags: found.tags,
            categories: categories.into_iter().collect(),
            threat: found.popular_threat_classification.and_then(|threat| threat.suggested_threat_label),
            owner: found.as_owner,
            asn: found.asn,
            network: found.network,
            country: found.country,
            registrar: found.registrar,
            created: found.creation_date,
            title: found.title,
            final_url: found.last_final_url,
            sha256: found.sha256,
            file_type: found.type_description,
            size: found.size,
            names: found.names.into_iter().take(NAMES_MAX).collect(),
            ..named
        }
    }

    /// The verdict for a person.
    pub(crate) fn sentence(&self) -> String {
        let Self { subject, malicious, suspicious, .. } = self;
        if !self.known {
            return format!("VirusTotal does not know {subject}.");
        }
        let engines = malicious + suspicious + self.harmless + self.undetected;
        format!("Of {engines} engines, {malicious} call {subject} malicious and {suspicious} suspicious.")
    }
}
