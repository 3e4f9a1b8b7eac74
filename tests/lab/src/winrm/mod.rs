//! Windows servers over WinRM: WS-Management with the WMI classes of a server, its processes and its sessions.
//!
//! Source: DSP0226 (WS-Management), DSP0227 (its CIM binding), [MS-WSMV], and what Windows Server 2022 sends. Played
//! are Identify, Enumerate with and without optimization, Pull, Release, Get, and WQL filters. Basic authentication
//! only, UTF-8 only; no shells, no methods, no fragments.

mod cim;
mod classes;
mod enumeration;
mod envelope;
mod fault;
mod machine;
mod machines;
mod wql;
mod xml;

use std::collections::VecDeque;

use http::{Method, StatusCode};
use roxmltree::{Document, Node};

use self::cim::{Class, Instance};
use self::classes::CLASSES;
use self::enumeration::{Batch, Enumeration, Enumerations, take};
use self::envelope::{Message, Operation, Refusal, child};
use self::fault::Fault;
use self::machines::machine;
use self::wql::Query;
use self::xml::escape;
use crate::call::{Answer, Call};
use crate::{identifier, story};

const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const EVENTING: &str = "http://schemas.xmlsoap.org/ws/2004/08/eventing";
const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
const FAULT_DETAIL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail";
const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
const MICROSOFT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
const WSMAN_FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
const WMI: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi";
const WQL: &str = "http://schemas.microsoft.com/wbem/wsman/1/WQL";
const CIM_COMMON: &str = "http://schemas.dmtf.org/wbem/wscim/1/common";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

const CONTENT_TYPE: &str = "application/soap+xml;charset=UTF-8";

/// All Windows servers of the lab.
#[derive(Default)]
pub(crate) struct WinRm {
    enumerations: Enumerations,
}

/// What a resource URI names.
enum Resource {
    Class(&'static Class),
    /// A namespace; the filter must name the class.
    Namespace(String),
}

impl WinRm {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let http = |status| Answer::empty(status).with("server", "Microsoft-HTTPAPI/2.0");
        if !call.path.eq_ignore_ascii_case("/wsman") {
            return http(StatusCode::NOT_FOUND);
        }
        if call.method != Method::POST {
            return http(StatusCode::METHOD_NOT_ALLOWED).with("allow", "POST");
        }
        // Asked in this way, Identify needs no credentials, and says less (DSP0226, R11-6).
        let anonymous =
            call.header("wsmanidentify").is_some_and(|value| value.eq_ignore_ascii_case("unauthenticated"));
        let right = call.basic().is_some_and(|(user, password)| {
            user.eq_ignore_ascii_case(story::WINDOWS_USER) && password == story::WINDOWS_PASSWORD
        });
        if !right && !anonymous {
            return http(StatusCode::UNAUTHORIZED)
                .with("www-authenticate", "Negotiate")
                .with("www-authenticate", "Basic realm=\"WSMAN\"")
                .authenticated(false);
        }
        // SOAP 1.2 Part 2 §7.5.2.2.
        if call.media_type().as_deref() != Some("application/soap+xml") {
            return http(StatusCode::UNSUPPORTED_MEDIA_TYPE).authenticated(right);
        }
        let machine = call.host.split('.').next().unwrap_or_default().to_ascii_uppercase();
        let answer = match self.process(call, right) {
            Ok(envelope) => Answer::new(StatusCode::OK, CONTENT_TYPE, envelope),
            Err(refusal) => {
                let envelope = refusal.fault.envelope(refusal.relates_to.as_deref(), &machine);
                Answer::new(StatusCode::INTERNAL_SERVER_ERROR, CONTENT_TYPE, envelope)
            }
        };
        let answer = answer.with("server", "Microsoft-HTTPAPI/2.0");
        if right || !anonymous { answer.authenticated(right) } else { answer }
    }

    fn process(&self, call: &Call, authenticated: bool) -> Result<String, Refusal> {
        let text = str::from_utf8(&call.body).map_err(|_| Fault::ENCODING)?;
        let document = Document::parse(text).map_err(|_| Fault::INVALID_XML)?;
        let operation = match envelope::read(&document)? {
            Message::Identify => return Ok(identify(authenticated)),
            Message::Operation(operation) => operation,
        };
        let answer = if authenticated {
            self.operate(&operation, &call.host)
        } else {
            // Only Identify may come without credentials.
            Err(Fault::ACTION)
        };
        answer.map_err(|fault| Refusal { fault, relates_to: Some(operation.message_id.to_owned()) })
    }

    fn operate(&self, operation: &Operation<'_>, host: &str) -> Result<String, Fault> {
        let resource = resource(operation)?;
        let suffix =
            |prefix: &str| operation.action.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
        match (suffix(ENUMERATION), suffix(TRANSFER)) {
            (Some("Enumerate"), _) => self.enumerate(operation, &resource, host),
            (Some("Pull"), _) => self.pull(operation, host),
            (Some("Release"), _) => self.release(operation, host),
            (_, Some("Get")) => get(operation, &resource, host),
            _ => Err(Fault::ACTION),
        }
    }

    fn enumerate(&self, operation: &Operation<'_>, resource: &Resource, host: &str) -> Result<String, Fault> {
        let body = operation.body.filter(|body| body.has_tag_name((ENUMERATION, "Enumerate")));
        let body = body.ok_or(Fault::SCHEMA)?;
        if let Some(mode) = child(body, WSMAN, "EnumerationMode")
            && mode.text().map(str::trim) != Some("EnumerateObject")
        {
            return Err(Fault::unsupported("EnumerationMode"));
        }
        let mut items = found(body, resource, host)?;
        if child(body, WSMAN, "OptimizeEnumeration").is_none() {
            let context = self.enumerations.open(Enumeration { host: host.to_owned(), items })?;
            let inner = format!(
                "<n:EnumerateResponse><n:EnumerationContext>{context}</n:EnumerationContext></n:EnumerateResponse>"
            );
            return Ok(respond(operation, &format!("{ENUMERATION}/EnumerateResponse"), &inner));
        }
        let batch = Batch { elements: elements(body, WSMAN)?, envelope: operation.max_envelope };
        let sent = take(&mut items, batch)?;
        let inner = if items.is_empty() {
            format!("<n:EnumerationContext/><w:Items>{sent}</w:Items><w:EndOfSequence/>")
        } else {
            let context = self.enumerations.open(Enumeration { host: host.to_owned(), items })?;
            format!("<n:EnumerationContext>{context}</n:EnumerationContext><w:Items>{sent}</w:Items>")
        };
        let inner = format!("<n:EnumerateResponse>{inner}</n:EnumerateResponse>");
        Ok(respond(operation, &format!("{ENUMERATION}/EnumerateResponse"), &inner))
    }

    fn pull(&self, operation: &Operation<'_>, host: &str) -> Result<String, Fault> {
        let body = operation.body.filter(|body| body.has_tag_name((ENUMERATION, "Pull")));
        let body = body.ok_or(Fault::SCHEMA)?;
        let context = context(body)?;
        let batch = Batch { elements: elements(body, ENUMERATION)?, envelope: operation.max_envelope };
        let (sent, more) = self.enumerations.pull(context, host, batch)?;
        let inner = if more {
            format!(
                "<n:EnumerationContext>{}</n:EnumerationContext><n:Items>{sent}</n:Items>",
                escape(context)
            )
        } else {
            format!("<n:Items>{sent}</n:Items><n:EndOfSequence/>")
        };
        let inner = format!("<n:PullResponse>{inner}</n:PullResponse>");
        Ok(respond(operation, &format!("{ENUMERATION}/PullResponse"), &inner))
    }

    fn release(&self, operation: &Operation<'_>, host: &str) -> Result<String, Fault> {
        let body = operation.body.filter(|body| body.has_tag_name((ENUMERATION, "Release")));
        self.enumerations.release(context(body.ok_or(Fault::SCHEMA)?)?, host)?;
        Ok(respond(operation, &format!("{ENUMERATION}/ReleaseResponse"), ""))
    }
}

/// The one instance that the selectors name.
fn get(operation: &Operation<'_>, resource: &Resource, host: &str) -> Result<String, Fault> {
    let Resource::Class(class) = resource else { return Err(Fault::RESOURCE_URI) };
    if operation.body.is_some() {
        return Err(Fault::SCHEMA);
    }
    let selectors: Vec<_> =
        operation.selectors.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("__cimnamespace")).collect();
    let known = |name: &str| class.keys.iter().any(|key| key.eq_ignore_ascii_case(name));
    if selectors.iter().any(|(name, _)| !known(name)) {
        return Err(Fault::SELECTORS_UNEXPECTED);
    }
    if selectors.len() < class.keys.len() {
        return Err(Fault::SELECTORS_INSUFFICIENT);
    }
    let named = |instance: &&Instance| {
        selectors.iter().all(|(name, wanted)| {
            instance.value(name).comparable().is_some_and(|held| held.eq_ignore_ascii_case(wanted))
        })
    };
    let instances = machine(host).instances(class);
    let instance = instances.iter().find(named).ok_or(Fault::RESOURCE_NOT_FOUND)?;
    Ok(respond(operation, &format!("{TRANSFER}/GetResponse"), &instance.element()))
}

/// The elements that an Enumerate asks for.
fn found(body: Node<'_, '_>, resource: &Resource, host: &str) -> Result<VecDeque<String>, Fault> {
    // Both names are in use: DSP0226 puts the filter into its own namespace, WS-Enumeration into its.
    let filter = child(body, WSMAN, "Filter").or_else(|| child(body, ENUMERATION, "Filter"));
    let Some(filter) = filter else {
        // A namespace alone names no class.
        let Resource::Class(class) = resource else { return Err(Fault::FILTER) };
        return Ok(machine(host).instances(class).iter().map(Instance::element).collect());
    };
    if filter.attribute("Dialect") != Some(WQL) {
        return Err(Fault::FILTER_DIALECT);
    }
    // A query names its class itself, so that the URI must end in the namespace.
    let Resource::Namespace(namespace) = resource else { return Err(Fault::FILTER) };
    let query = Query::parse(filter.text().unwrap_or_default()).map_err(|_| Fault::FILTER)?;
    let class = class_of(namespace, &query.class).ok_or(Fault::FILTER_CLASS)?;
    let columns = query.columns_of(class).map_err(|_| Fault::FILTER)?;
    if !query.fits(class) {
        return Err(Fault::FILTER);
    }
    let show = |instance: &Instance| match &columns {
        None => instance.element(),
        Some(columns) => instance.fragment(columns),
    };
    let instances = machine(host).instances(class);
    Ok(instances.iter().filter(|instance| query.matches(instance)).map(show).collect())
}

/// Reads the resource URI: `.../wmi/root/cimv2/Win32_Process`, or `.../wmi/root/cimv2/*` for a query.
fn resource(operation: &Operation<'_>) -> Result<Resource, Fault> {
    let uri = operation.resource_uri;
    let split = uri.get(..WMI.len()).filter(|prefix| prefix.eq_ignore_ascii_case(WMI));
    let path = split.and_then(|_| uri[WMI.len()..].strip_prefix('/')).ok_or(Fault::RESOURCE_URI)?;
    let (namespace, class) = path.rsplit_once('/').ok_or(Fault::RESOURCE_URI)?;
    if class == "*" {
        return Ok(Resource::Namespace(namespace.to_owned()));
    }
    class_of(namespace, class).map(Resource::Class).ok_or(Fault::RESOURCE_NOT_FOUND)
}

fn class_of(namespace: &str, name: &str) -> Option<&'static Class> {
    CLASSES.iter().copied().find(|class| {
        class.name.eq_ignore_ascii_case(name) && class.namespace.eq_ignore_ascii_case(namespace)
    })
}

/// `MaxElements`; one if it is not there, as WS-Enumeration has it.
fn elements(body: Node<'_, '_>, namespace: &str) -> Result<usize, Fault> {
    let Some(max) = child(body, namespace, "MaxElements") else { return Ok(1) };
    let max = max.text().unwrap_or_default().trim().parse::<usize>();
    max.ok().filter(|max| *max > 0).ok_or(Fault::SCHEMA)
}

fn context<'a>(body: Node<'a, 'a>) -> Result<&'a str, Fault> {
    let context = child(body, ENUMERATION, "EnumerationContext").ok_or(Fault::SCHEMA)?;
    Ok(context.text().unwrap_or_default().trim())
}

fn respond(operation: &Operation<'_>, action: &str, body: &str) -> String {
    format!(
        "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\" xmlns:n=\"{ENUMERATION}\" \
         xmlns:w=\"{WSMAN}\" xmlns:p=\"{MICROSOFT}\"><s:Header><a:Action>{action}</a:Action><a:MessageID>{id}\
         </a:MessageID><a:To>{ANONYMOUS}</a:To><a:RelatesTo>{relates}</a:RelatesTo></s:Header><s:Body>{body}</s:Body>\
         </s:Envelope>",
        id = identifier::uuid(),
        relates = escape(operation.message_id),
    )
}

/// Who does not authenticate does not learn the version.
fn identify(authenticated: bool) -> String {
    let version =
        if authenticated { "OS: 10.0.20348 SP: 0.0 Stack: 3.0" } else { "OS: 0.0.0 SP: 0.0 Stack: 3.0" };
    format!(
        "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"{SOAP}\"><s:Header/><s:Body><wsmid:IdentifyResponse \
         xmlns:wsmid=\"{IDENTITY}\"><wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft \
         Corporation</wsmid:ProductVendor><wsmid:ProductVersion>{version}</wsmid:ProductVersion></wsmid:IdentifyResponse>\
         </s:Body></s:Envelope>"
    )
}
