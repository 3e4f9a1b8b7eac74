use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Exchange},
};
use serde_json::json;

use crate::{Configuration, connector};

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://srv01.corp.example:5986", "username": "soar", "password": "placeholder",
    }))
}

fn query(class: &str) -> Exchange {
    Exchange::post("https://srv01.corp.example:5986/wsman")
        .basic("soar", "placeholder")
        .header("content-type", "application/soap+xml;charset=UTF-8")
        .body_containing(&format!(" FROM {class}"))
}

/// An answer as WinRM gives it to a query for some properties.
fn answer(context: &str, items: &str, end: &str) -> String {
    format!(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header/><s:Body><n:EnumerateResponse><n:EnumerationContext>{context}</n:EnumerationContext><w:Items>{items}</w:Items>{end}</n:EnumerateResponse></s:Body></s:Envelope>"#
    )
}

fn computer() -> Exchange {
    let item = "<w:XmlFragment><DNSHostName>SRV01</DNSHostName><Domain>corp.example</Domain><DomainRole>3</DomainRole>\
        <Manufacturer>Example</Manufacturer><Model xsi:nil=\"true\"/><Name>SRV01</Name>\
        <TotalPhysicalMemory>8589934592</TotalPhysicalMemory><UserName>CORP\\alice</UserName></w:XmlFragment>";
    query("Win32_ComputerSystem").answer(200, answer("", item, "<w:EndOfSequence/>"))
}

fn adapters() -> Exchange {
    let item = "<w:XmlFragment><IPAddress>10.0.0.5</IPAddress><IPAddress>fe80::1</IPAddress></w:XmlFragment>";
    query("Win32_NetworkAdapterConfiguration").answer(200, answer("", item, "<w:EndOfSequence/>"))
}

#[test]
fn a_system_says_what_it_is() {
    let os = "<w:XmlFragment><Caption>Microsoft Windows Server 2022 Standard</Caption>\
        <LastBootUpTime><cim:Datetime xmlns:cim=\"http://schemas.dmtf.org/wbem/wscim/1/common\">2026-01-01T08:00:00Z\
        </cim:Datetime></LastBootUpTime><Version>10.0.20348</Version></w:XmlFragment>";
    let report = test()
        .http(computer())
        .http(adapters())
        .http(query("Win32_OperatingSystem").answer(200, answer("", os, "<w:EndOfSequence/>")))
        .http(adapters())
        .invoke("get system info", json!({ "ip_hostname": "10.0.0.5" }))
        .report();
    assert_eq!(report.message, "SRV01 runs Microsoft Windows Server 2022 Standard.");
    assert_eq!(report.data["role"], "member server");
    assert_eq!(report.data["last_boot"], "2026-01-01T08:00:00Z");
    assert_eq!(report.data["model"], json!(null));
    assert_eq!(report.data["memory_bytes"], 8_589_934_592_u64);
}

#[test]
fn a_server_that_hides_its_adapters_is_known_by_its_names() {
    let fault = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en-US">Invalid class</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"#;
    let os = "<w:XmlFragment><Caption>Windows Server</Caption></w:XmlFragment>";
    let ended = test()
        .http(computer())
        .http(query("Win32_OperatingSystem").answer(200, answer("", os, "<w:EndOfSequence/>")))
        .http(query("Win32_NetworkAdapterConfiguration").answer(500, fault))
        .invoke("get system info", json!({ "ip_hostname": "srv01" }));
    assert!(ended.log[0].1.contains("Invalid class"));
    assert_eq!(ended.report().data["addresses"], json!([]));
}

#[test]
fn adapters_that_make_no_sense_are_not_hidden_ones() {
    let os = "<w:XmlFragment><Caption>Windows Server</Caption></w:XmlFragment>";
    for (status, body) in [(200, "<html>Sign in"), (503, "")] {
        let failure = test()
            .http(computer())
            .http(query("Win32_OperatingSystem").answer(200, answer("", os, "<w:EndOfSequence/>")))
            .http(query("Win32_NetworkAdapterConfiguration").answer(status, body))
            .invoke("get system info", json!({ "ip_hostname": "srv01" }))
            .failure();
        assert!(matches!(failure, Failure::Upstream(_)), "{failure:?}");
    }
}

#[test]
fn another_machine_is_not_mistaken_for_the_asked_one() {
    for other in ["10.0.0.9", "srv02", "srv01.other.example"] {
        let failure = test()
            .http(computer())
            .http(adapters())
            .invoke("list processes", json!({ "ip_hostname": other }))
            .failure();
        assert!(matches!(failure, Failure::NotFound(words) if words.contains("SRV01 (10.0.0.5, fe80::1)")));
    }
}

fn of_many(test_server: Option<&str>) -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://*.corp.example:5986", "test_server": test_server, "username": "soar", "password": "placeholder",
    }))
}

#[test]
fn of_many_servers_the_one_is_asked_that_is_named() {
    for name in ["SRV01", "srv01.corp.example"] {
        let processes = query("Win32_Process").answer(200, answer("", "", "<w:EndOfSequence/>"));
        let report = of_many(None)
            .http(computer())
            .http(processes)
            .invoke("list processes", json!({ "ip_hostname": name }))
            .report();
        assert_eq!(report.summary["count"], 0);
    }
    for (parameters, words) in
        [(json!({}), "`ip_hostname` must be"), (json!({ "ip_hostname": "10.0.0.5" }), "give the host name")]
    {
        let failure = of_many(None).invoke("list processes", parameters).failure();
        assert!(matches!(&failure, Failure::InvalidParameters(it) if it.contains(words)), "{failure:?}");
    }
}

#[test]
fn of_many_servers_an_alias_is_not_mistaken_for_a_machine() {
    let item = "<w:XmlFragment><DNSHostName>srv02</DNSHostName><Domain>WORKGROUP</Domain><Name>SRV02</Name></w:XmlFragment>";
    let other = query("Win32_ComputerSystem").answer(200, answer("", item, "<w:EndOfSequence/>"));
    let failure =
        of_many(None).http(other).invoke("get system info", json!({ "ip_hostname": "srv01" })).failure();
    let words = "srv01.corp.example leads to SRV02, which does not call itself that: ask for a machine by its own name";
    assert_eq!(failure, Failure::NotFound(words.into()));
}

#[test]
fn of_many_servers_the_test_asks_the_one_that_is_configured() {
    let identity = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><i:IdentifyResponse xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><i:ProductVersion>OS: 10.0.20348 SP: 0.0 Stack: 3.0</i:ProductVersion></i:IdentifyResponse></s:Body></s:Envelope>"#;
    let identify = Exchange::post("https://srv01.corp.example:5986/wsman")
        .basic("soar", "placeholder")
        .body_containing("<i:Identify/>")
        .answer(200, identity);
    let report = of_many(Some("srv01")).http(identify).invoke("test connectivity", json!({})).report();
    assert!(report.message.contains("OS: 10.0.20348"));

    let failure = of_many(None).invoke("test connectivity", json!({})).failure();
    assert!(matches!(&failure, Failure::InvalidParameters(it) if it.contains("`test_server` must be")));
}

#[test]
fn a_long_list_is_pulled_to_its_end() {
    let process = |pid: u32| {
        format!("<w:XmlFragment><Name>p{pid}.exe</Name><ProcessId>{pid}</ProcessId></w:XmlFragment>")
    };
    let report = test()
        .http(computer())
        .http(query("Win32_Process").answer(200, answer("uuid:more&amp;more", &process(4), "")))
        .http(
            Exchange::post("https://srv01.corp.example:5986/wsman")
                .basic("soar", "placeholder")
                .body_containing("<n:EnumerationContext>uuid:more&amp;more</n:EnumerationContext>")
                .answer(200, answer("", &process(8), "<n:EndOfSequence/>")),
        )
        .invoke("list processes", json!({ "ip_hostname": "SRV01.Corp.Example" }))
        .report();
    assert_eq!(report.data[1]["name"], "p8.exe");
    assert_eq!(report.summary["count"], 2);
}

#[test]
fn sessions_know_their_users() {
    let reference = |class: &str, keys: &str| {
        format!(
            "<a:Address>role</a:Address><a:ReferenceParameters><w:ResourceURI>{class}</w:ResourceURI>\
             <w:SelectorSet>{keys}</w:SelectorSet></a:ReferenceParameters>"
        )
    };
    let account = reference(
        "Win32_Account",
        "<w:Selector Name=\"Domain\">CORP</w:Selector><w:Selector Name=\"Name\">alice</w:Selector>",
    );
    let session = reference("Win32_LogonSession", "<w:Selector Name=\"LogonId\">4711</w:Selector>");
    let logon = format!(
        "<w:XmlFragment><Antecedent>{account}</Antecedent><Dependent>{session}</Dependent></w:XmlFragment>"
    );
    let sessions = "<w:XmlFragment><LogonId>4711</LogonId><LogonType>10</LogonType></w:XmlFragment>\
        <w:XmlFragment><LogonId>999</LogonId><LogonType>5</LogonType></w:XmlFragment>";
    let report = test()
        .http(computer())
        .http(query("Win32_LoggedOnUser").answer(200, answer("", &logon, "<w:EndOfSequence/>")))
        .http(query("Win32_LogonSession").answer(200, answer("", sessions, "<w:EndOfSequence/>")))
        .invoke("list sessions", json!({}))
        .report();
    assert_eq!(report.data[0]["user"], "CORP\\alice");
    assert_eq!(report.data[0]["kind"], "remote interactive");
    assert_eq!(report.data[1]["user"], json!(null));
}

#[test]
fn refusals_are_told_apart() {
    let identify = || {
        Exchange::post("https://srv01.corp.example:5986/wsman")
            .basic("soar", "placeholder")
            .body_containing("<i:Identify/>")
    };
    let refused = |offer: &str| {
        test()
            .http(
                identify()
                    .answer(401, "")
                    .answer_header("WWW-Authenticate", "Negotiate")
                    .answer_header("WWW-Authenticate", offer),
            )
            .invoke("test connectivity", json!({}))
            .failure()
    };
    assert_eq!(
        refused("Basic realm=\"WSMAN\""),
        Failure::Authentication("WinRM refuses this user and password".into())
    );
    assert_eq!(
        refused("Kerberos"),
        Failure::Authentication("WinRM does not allow Basic authentication, but Negotiate, Kerberos".into())
    );

    let fault = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">Access is denied.</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"#;
    let failure = test().http(identify().answer(500, fault)).invoke("test connectivity", json!({})).failure();
    assert_eq!(failure, Failure::Authentication("Access is denied.".into()));
}
