//! Windows servers over WinRM.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use palisade_lab::{Lab, story};
use roxmltree::Document;

use crate::client::{Ask, Reply, lab, send};

const URL: &str = "https://srv-web-01.acme.example:5986/wsman";
const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const GET: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
const CIMV2: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2";

fn envelope(action: &str, resource: &str, headers: &str, body: &str) -> String {
    format!(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
            xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
            xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            xmlns:n="{ENUMERATION}"><s:Header>
        <a:To>{URL}</a:To>
        <w:ResourceURI s:mustUnderstand="true">{resource}</w:ResourceURI>
        <a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>
        <a:Action s:mustUnderstand="true">{action}</a:Action>
        <a:MessageID>uuid:5743765A-973D-4D14-92A7-E7423A4C4455</a:MessageID>
        <w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>
        <w:OperationTimeout>PT60S</w:OperationTimeout>{headers}
        </s:Header><s:Body>{body}</s:Body></s:Envelope>"#
    )
}

fn credentials(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{password}", story::WINDOWS_USER)))
}

async fn post(lab: &Lab, body: &str) -> Reply {
    let authorization = credentials(story::WINDOWS_PASSWORD);
    let content_type = "application/soap+xml;charset=UTF-8";
    send(lab, &Ask { method: "POST", url: URL, authorization: &authorization, content_type, body })
        .await
        .unwrap()
}

async fn query(lab: &Lab, wql: &str) -> Reply {
    let body = format!(
        r#"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>
        <w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">{wql}</w:Filter></n:Enumerate>"#
    );
    post(lab, &envelope(&format!("{ENUMERATION}/Enumerate"), &format!("{CIMV2}/*"), "", &body)).await
}

/// Texts of all elements of this local name.
fn texts(reply: &Reply, name: &str) -> Vec<String> {
    let document = Document::parse(reply.text()).unwrap();
    let named = document.descendants().filter(|node| node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

/// SOAP subcode and Windows' code of a fault.
fn fault(reply: &Reply) -> (String, String) {
    assert_eq!(reply.status, 500, "{}", reply.text());
    let document = Document::parse(reply.text()).unwrap();
    let code = document.descendants().find(|node| node.tag_name().name() == "WSManFault").unwrap();
    (texts(reply, "Value").pop().unwrap(), code.attribute("Code").unwrap().to_owned())
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let lab = lab().await;
    let (authorization, body) =
        (credentials("wrong"), envelope(GET, &format!("{CIMV2}/Win32_OperatingSystem"), "", ""));
    let content_type = "application/soap+xml;charset=UTF-8";
    let ask = Ask { method: "POST", url: URL, authorization: &authorization, content_type, body: &body };
    let reply = send(&lab, &ask).await.unwrap();
    assert_eq!(reply.status, 401);
    let offered: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    assert!(offered.contains(&&http::HeaderValue::from_static("Basic realm=\"WSMAN\"")));
}

#[tokio::test]
async fn a_server_identifies_itself() {
    let lab = lab().await;
    let body = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
        xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"#;
    let reply = post(&lab, body).await;
    assert_eq!(reply.header("content-type"), "application/soap+xml;charset=UTF-8");
    assert_eq!(texts(&reply, "ProductVersion"), ["OS: 10.0.20348 SP: 0.0 Stack: 3.0"]);
}

#[tokio::test]
async fn a_query_finds_the_process_and_escapes_its_command() {
    let lab = lab().await;
    let reply = query(&lab, "SELECT * FROM Win32_Process WHERE ParentProcessId = 4820").await;
    assert_eq!(texts(&reply, "Name"), ["updchk.exe"]);
    assert_eq!(
        texts(&reply, "CommandLine")[0],
        r#""C:\ProgramData\updchk.exe" --interval 300 --profile <default> & run"#
    );
    assert_eq!(texts(&reply, "RelatesTo"), ["uuid:5743765A-973D-4D14-92A7-E7423A4C4455"]);

    let reply = query(&lab, "SELECT Name, ProcessId FROM Win32_Process WHERE SessionId &gt; 0").await;
    assert_eq!(
        (texts(&reply, "XmlFragment").len(), texts(&reply, "ProcessId")),
        (1, vec!["5544".to_owned()])
    );
}

#[tokio::test]
async fn an_adapter_in_use_lists_its_addresses() {
    let lab = lab().await;
    let wql = "SELECT IPAddress FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE";
    assert_eq!(texts(&query(&lab, wql).await, "IPAddress"), [story::SOURCE_IP, "fe80::5c1d:8a0e:77b2:41"]);

    let wql = "SELECT IPAddress, Index FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = FALSE";
    let reply = query(&lab, wql).await;
    assert_eq!(
        (texts(&reply, "Index"), texts(&reply, "IPAddress")),
        (vec!["0".to_owned()], vec![String::new()])
    );
}

#[tokio::test]
async fn an_enumeration_is_pulled_to_its_end_and_not_further() {
    let lab = lab().await;
    let resource = format!("{CIMV2}/Win32_LoggedOnUser");
    let reply =
        post(&lab, &envelope(&format!("{ENUMERATION}/Enumerate"), &resource, "", "<n:Enumerate/>")).await;
    let context = texts(&reply, "EnumerationContext").pop().unwrap();
    let pull = format!(
        "<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>2</n:MaxElements></n:Pull>"
    );
    let pull = envelope(&format!("{ENUMERATION}/Pull"), &resource, "", &pull);
    let first = post(&lab, &pull).await;
    assert_eq!((texts(&first, "Antecedent").len(), texts(&first, "EndOfSequence").len()), (2, 0));
    let last = post(&lab, &pull).await;
    assert_eq!((texts(&last, "Antecedent").len(), texts(&last, "EndOfSequence").len()), (1, 1));
    assert!(texts(&last, "Selector").contains(&"m.keller".to_owned()));
    let (subcode, code) = fault(&post(&lab, &pull).await);
    assert_eq!((subcode.as_str(), code.as_str()), ("n:InvalidEnumerationContext", "2150858779"));
}

#[tokio::test]
async fn an_optimized_enumeration_goes_on_with_pull() {
    let lab = lab().await;
    let resource = format!("{CIMV2}/Win32_Process");
    let body = "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>3</w:MaxElements></n:Enumerate>";
    let reply = post(&lab, &envelope(&format!("{ENUMERATION}/Enumerate"), &resource, "", body)).await;
    assert_eq!((texts(&reply, "Handle").len(), texts(&reply, "EndOfSequence").len()), (3, 0));
    let context = texts(&reply, "EnumerationContext").pop().unwrap();
    let pull = format!(
        "<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>100</n:MaxElements></n:Pull>"
    );
    let reply = post(&lab, &envelope(&format!("{ENUMERATION}/Pull"), &resource, "", &pull)).await;
    assert_eq!((texts(&reply, "Handle").len(), texts(&reply, "EndOfSequence").len()), (6, 1));
}

#[tokio::test]
async fn one_instance_is_read_by_its_key() {
    let lab = lab().await;
    let reply = post(&lab, &envelope(GET, &format!("{CIMV2}/Win32_OperatingSystem"), "", "")).await;
    assert_eq!(texts(&reply, "CSName"), ["SRV-WEB-01"]);
    assert_eq!(texts(&reply, "Datetime").len(), 3);

    let computer = format!("{CIMV2}/Win32_ComputerSystem");
    let (_, code) = fault(&post(&lab, &envelope(GET, &computer, "", "")).await);
    assert_eq!(code, "2150858842", "insufficient selectors");
    let named =
        |name: &str| format!(r#"<w:SelectorSet><w:Selector Name="Name">{name}</w:Selector></w:SelectorSet>"#);
    let reply = post(&lab, &envelope(GET, &computer, &named("SRV-WEB-01"), "")).await;
    assert_eq!(texts(&reply, "Domain"), ["acme.example"]);
    let (subcode, code) = fault(&post(&lab, &envelope(GET, &computer, &named("OTHER"), "")).await);
    assert_eq!((subcode.as_str(), code.as_str()), ("a:DestinationUnreachable", "2150858752"));
}

#[tokio::test]
async fn a_request_that_is_not_whole_is_refused() {
    let lab = lab().await;
    let whole = envelope(GET, &format!("{CIMV2}/Win32_OperatingSystem"), "", "");
    let without = |start: &str, end: &str| {
        let (from, to) = (whole.find(start).unwrap(), whole.find(end).unwrap() + end.len());
        format!("{}{}", &whole[..from], &whole[to..])
    };
    let unknown = r#"<x:New xmlns:x="urn:x" s:mustUnderstand="true"/></s:Header>"#;
    let cases = [
        (without("<a:MessageID", "</a:MessageID>"), "a:MessageInformationHeaderRequired"),
        (without("<a:To", "</a:To>"), "a:MessageInformationHeaderRequired"),
        (without("<a:ReplyTo", "</a:ReplyTo>"), "a:MessageInformationHeaderRequired"),
        (without("<a:Action", "</a:Action>"), "a:MessageInformationHeaderRequired"),
        (without("<w:ResourceURI", "</w:ResourceURI>"), "a:DestinationUnreachable"),
        (whole.replace("transfer/Get", "transfer/Put"), "a:ActionNotSupported"),
        (whole.replace(">153600<", ">1024<"), "w:EncodingLimit"),
        (whole.replace("</s:Header>", unknown), "s:MustUnderstand"),
        (whole.replace("2003/05/soap-envelope", "1999/soap"), "s:VersionMismatch"),
        (whole.replace("</s:Envelope>", ""), "w:SchemaValidationError"),
    ];
    for (request, expected) in cases {
        let (subcode, _) = fault(&post(&lab, &request).await);
        assert_eq!(subcode, expected, "{request}");
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_processed_is_refused() {
    let lab = lab().await;
    for wql in
        ["SELECT * FROM Win32_NoSuchClass", "SELECT Nothing FROM Win32_Process", "SELEC * FROM Win32_Process"]
    {
        let (subcode, code) = fault(&query(&lab, wql).await);
        assert_eq!((subcode.as_str(), code.as_str()), ("n:CannotProcessFilter", "2150858778"), "{wql}");
    }
}
