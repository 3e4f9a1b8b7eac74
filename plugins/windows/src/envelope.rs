//! The SOAP messages of WS-Management (DMTF DSP0226) that the connector sends.

use palisade_sdk::random;

/// How long the server may work on one request, as an XML Schema duration.
const OPERATION_TIMEOUT: &str = "PT30S";

/// How large one answer may be, in bytes: the server's own default.
const ENVELOPE_BYTES_MAX: u32 = 512_000;

/// How many items one answer may have; the size of the envelope is reached before.
const ITEMS_MAX: u32 = 32_000;

const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";

/// All CIM classes of the namespace; the query names one.
const RESOURCE: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*";
const WQL: &str = "http://schemas.microsoft.com/wbem/wsman/1/WQL";

/// Asks the service who it is.
pub(crate) fn identify() -> String {
    format!(
        r#"<s:Envelope xmlns:s="{SOAP}" xmlns:i="{IDENTITY}"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"#
    )
}

/// Asks for the first items that a query finds.
pub(crate) fn enumerate(to: &str, wql: &str) -> String {
    let body = format!(
        r#"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>{ITEMS_MAX}</w:MaxElements><w:Filter Dialect="{WQL}">{}</w:Filter></n:Enumerate>"#,
        escaped(wql)
    );
    envelope(to, "Enumerate", &body)
}

/// Asks for the next items.
pub(crate) fn pull(to: &str, context: &str) -> String {
    let body = format!(
        "<n:Pull><n:EnumerationContext>{}</n:EnumerationContext><n:MaxElements>{ITEMS_MAX}</n:MaxElements></n:Pull>",
        escaped(context)
    );
    envelope(to, "Pull", &body)
}

fn envelope(to: &str, action: &str, body: &str) -> String {
    let (to, message_id) = (escaped(to), uuid());
    format!(
        r#"<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:n="{ENUMERATION}" xmlns:w="{WSMAN}"><s:Header><a:To>{to}</a:To><w:ResourceURI s:mustUnderstand="true">{RESOURCE}</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand="true">{ADDRESSING}/role/anonymous</a:Address></a:ReplyTo><a:Action s:mustUnderstand="true">{ENUMERATION}/{action}</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">{ENVELOPE_BYTES_MAX}</w:MaxEnvelopeSize><a:MessageID>uuid:{message_id}</a:MessageID><w:OperationTimeout>{OPERATION_TIMEOUT}</w:OperationTimeout></s:Header><s:Body>{body}</s:Body></s:Envelope>"#
    )
}

/// A random UUID (RFC 9562 section 5.4).
fn uuid() -> String {
    let mut bytes = random::bytes(16);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02X}"));
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
