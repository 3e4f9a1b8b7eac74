//! A Windows server and how its WMI describes it.

use super::cim::{Class, Instance, Value};
use super::classes::{
    ADAPTER, COMPUTER, CONNECTION, LOGGED_ON_USER, LOGON_SESSION, PROCESS, SERVICE, SYSTEM,
};

/// `MSFT_NetTCPConnection.State`.
pub(crate) const LISTEN: u64 = 2;
pub(crate) const ESTABLISHED: u64 = 5;

/// `Win32_LogonSession.LogonType`.
pub(crate) const SERVICE_LOGON: u64 = 5;
pub(crate) const REMOTE_INTERACTIVE: u64 = 10;
pub(crate) const INTERACTIVE: u64 = 2;

pub(crate) struct Machine {
    /// NetBIOS name.
    pub(crate) name: &'static str,
    /// First part of the operating system's name.
    pub(crate) system: &'static str,
    pub(crate) build: &'static str,
    /// 3 is a member server, 1 a member workstation.
    pub(crate) domain_role: u64,
    pub(crate) memory: u64,
    /// Its address in the company's network and the link-local one of the same adapter.
    pub(crate) addresses: [&'static str; 2],
    /// Of the same adapter.
    pub(crate) mac: &'static str,
    /// Who sits at it.
    pub(crate) user: Option<&'static str>,
    pub(crate) processes: &'static [Process],
    pub(crate) sessions: &'static [Session],
    pub(crate) connections: &'static [Connection],
}

pub(crate) struct Process {
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) name: &'static str,
    pub(crate) path: Option<&'static str>,
    pub(crate) command: Option<&'static str>,
    pub(crate) session: u64,
    pub(crate) started: &'static str,
}

pub(crate) struct Session {
    pub(crate) id: &'static str,
    pub(crate) kind: u64,
    pub(crate) package: &'static str,
    pub(crate) started: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) user: &'static str,
}

pub(crate) struct Connection {
    pub(crate) local: (&'static str, u64),
    pub(crate) remote: (&'static str, u64),
    pub(crate) state: u64,
    pub(crate) process: u64,
    pub(crate) created: &'static str,
}

impl Machine {
    /// All instances of this class.
    pub(crate) fn instances(&self, class: &'static Class) -> Vec<Instance> {
        match class.name {
            "Win32_OperatingSystem" => vec![self.system()],
            "Win32_ComputerSystem" => vec![self.computer()],
            "Win32_NetworkAdapterConfiguration" => self.adapters(),
            "Win32_Process" => self.processes.iter().map(|process| self.process(process)).collect(),
            "Win32_LogonSession" => self.sessions.iter().map(Session::instance).collect(),
            "Win32_LoggedOnUser" => self.sessions.iter().map(Session::user).collect(),
            "Win32_Service" => self.services(),
            _ => self.connections.iter().map(Connection::instance).collect(),
        }
    }

    fn system(&self) -> Instance {
        Instance::new(&SYSTEM)
            .with("BootDevice", r"\Device\HarddiskVolume1")
            .with("BuildNumber", self.build)
            .with("BuildType", "Multiprocessor Free")
            .with("Caption", self.system)
            .with("CodeSet", "1252")
            .with("CountryCode", "1")
            .with("CSName", self.name)
            .with("CurrentTimeZone", 0)
            .with("Description", "")
            .with("FreePhysicalMemory", self.memory / 2048)
            .with("InstallDate", Value::Time("2024-03-04T10:12:31Z"))
            .with("LastBootUpTime", Value::Time("2026-11-02T02:14:07.500315Z"))
            .with("LocalDateTime", Value::Time("2026-11-20T09:00:00.114Z"))
            .with("Locale", "0409")
            .with("Manufacturer", "Microsoft Corporation")
            .with("MUILanguages", Value::List(vec!["en-US"]))
            .with("Name", format!(r"{}|C:\Windows|\Device\Harddisk0\Partition3", self.system).as_str())
            .with("NumberOfProcesses", self.processes.len() as u64)
            .with("NumberOfUsers", self.sessions.len() as u64)
            .with("OperatingSystemSKU", if self.domain_role == 3 { 7 } else { 4 })
            .with("Organization", "Acme")
            .with("OSArchitecture", "64-bit")
            .with("OSLanguage", 1033)
            .with("OSProductSuite", 272)
            .with("OSType", 18)
            .with("Primary", true)
            .with("ProductType", self.domain_role)
            .with("RegisteredUser", "Acme IT")
            .with("SerialNumber", "00454-40000-00001-AA000")
            .with("ServicePackMajorVersion", 0)
            .with("ServicePackMinorVersion", 0)
            .with("Status", "OK")
            .with("SystemDirectory", r"C:\Windows\system32")
            .with("SystemDrive", "C:")
            .with("TotalVisibleMemorySize", self.memory / 1024)
            .with("Version", format!("10.0.{}", self.build).as_str())
            .with("WindowsDirectory", r"C:\Windows")
    }

    fn computer(&self) -> Instance {
        let computer = Instance::new(&COMPUTER)
            .with("AdminPasswordStatus", 3)
            .with("BootupState", "Normal boot")
            .with("Caption", self.name)
            .with("CreationClassName", "Win32_ComputerSystem")
            .with("CurrentTimeZone", 0)
            .with("Description", "AT/AT COMPATIBLE")
            .with("DNSHostName", self.name.to_ascii_lowercase().as_str())
            .with("Domain", "acme.example")
            .with("DomainRole", self.domain_role)
            .with("EnableDaylightSavingsTime", true)
            .with("HypervisorPresent", true)
            .with("Manufacturer", "VMware, Inc.")
            .with("Model", "VMware20,1")
            .with("Name", self.name)
            .with("NetworkServerModeEnabled", true)
            .with("NumberOfLogicalProcessors", 4)
            .with("NumberOfProcessors", 2)
            .with("PartOfDomain", true)
            .with("PCSystemType", 1)
            .with("PowerState", 0)
            .with("PrimaryOwnerName", "Acme IT")
            .with("Roles", Value::List(vec!["LM_Workstation", "LM_Server", "NT", "Server_NT"]))
            .with("Status", "OK")
            .with("SystemType", "x64-based PC")
            .with("TotalPhysicalMemory", self.memory);
        match self.user {
            Some(user) => computer.with("UserName", user),
            None => computer,
        }
    }

    /// Windows numbers the debugger's adapter first, which has no IP.
    fn adapters(&self) -> Vec<Instance> {
        vec![
            Instance::new(&ADAPTER)
                .with("Caption", "[00000000] Microsoft Kernel Debug Network Adapter")
                .with("Description", "Microsoft Kernel Debug Network Adapter")
                .with("DHCPEnabled", true)
                .with("Index", 0)
                .with("InterfaceIndex", 3)
                .with("IPEnabled", false)
                .with("ServiceName", "kdnic"),
            Instance::new(&ADAPTER)
                .with("Caption", "[00000001] vmxnet3 Ethernet Adapter")
                .with("Description", "vmxnet3 Ethernet Adapter")
                .with("DHCPEnabled", false)
                .with("DNSDomainSuffixSearchOrder", Value::List(vec!["acme.example"]))
                .with("DNSHostName", self.name.to_ascii_lowercase().as_str())
                .with("Index", 1)
                .with("InterfaceIndex", 6)
                .with("IPAddress", Value::List(self.addresses.to_vec()))
                .with("IPEnabled", true)
                .with("IPSubnet", Value::List(vec!["255.255.255.0", "64"]))
                .with("MACAddress", self.mac)
                .with("ServiceName", "vmxnet3ndis6"),
        ]
    }

    fn process(&self, process: &Process) -> Instance {
        let optional = |text: Option<&'static str>| text.map_or(Value::Null, Value::from);
        Instance::new(&PROCESS)
            .with("Caption", process.name)
            .with("CommandLine", optional(process.command))
            .with("CreationClassName", "Win32_Process")
            .with("CreationDate", Value::Time(process.started))
            .with("CSCreationClassName", "Win32_ComputerSystem")
            .with("CSName", self.name)
            .with("Description", process.name)
            .with("ExecutablePath", optional(process.path))
            .with("Handle", process.id.to_string().as_str())
            .with("HandleCount", 120 + process.id % 400)
            .with("KernelModeTime", 1_562_500 * (1 + process.id % 9))
            .with("Name", process.name)
            .with("OSCreationClassName", "Win32_OperatingSystem")
            .with("OSName", format!(r"{}|C:\Windows|\Device\Harddisk0\Partition3", self.system).as_str())
            .with("PageFaults", 4096)
            .with("PageFileUsage", 8192)
            .with("ParentProcessId", process.parent)
            .with("PeakWorkingSetSize", 24_576)
            .with("Priority", 8)
            .with("PrivatePageCount", 8_388_608)
            .with("ProcessId", process.id)
            .with("SessionId", process.session)
            .with("ThreadCount", 3 + process.id % 20)
            .with("UserModeTime", 937_500 * (1 + process.id % 7))
            .with("VirtualSize", 2_203_451_310_080)
            .with("WindowsVersion", format!("10.0.{}", self.build).as_str())
            .with("WorkingSetSize", 17_825_792)
    }

    fn services(&self) -> Vec<Instance> {
        let service = |name: &str, title: &str, path: &str, account: &str| {
            Instance::new(&SERVICE)
                .with("AcceptPause", false)
                .with("AcceptStop", true)
                .with("Caption", title)
                .with("DisplayName", title)
                .with("ExitCode", 0)
                .with("Name", name)
                .with("PathName", path)
                .with("ProcessId", 1184)
                .with("ServiceType", "Own Process")
                .with("Started", true)
                .with("StartMode", "Auto")
                .with("StartName", account)
                .with("State", "Running")
                .with("Status", "OK")
                .with("SystemName", self.name)
        };
        vec![
            service(
                "WinRM",
                "Windows Remote Management (WS-Management)",
                r"C:\Windows\System32\svchost.exe -k NetworkService -p",
                r"NT AUTHORITY\NetworkService",
            ),
            service(
                "W32Time",
                "Windows Time",
                r"C:\Windows\system32\svchost.exe -k LocalService",
                r"NT AUTHORITY\LocalService",
            ),
        ]
    }
}

impl Session {
    fn instance(&self) -> Instance {
        Instance::new(&LOGON_SESSION)
            .with("AuthenticationPackage", self.package)
            .with("LogonId", self.id)
            .with("LogonType", self.kind)
            .with("StartTime", Value::Time(self.started))
    }

    fn user(&self) -> Instance {
        let account = vec![("Domain", self.domain.to_owned()), ("Name", self.user.to_owned())];
        let session = vec![("LogonId", self.id.to_owned())];
        Instance::new(&LOGGED_ON_USER)
            .with("Antecedent", Value::Reference { class: "Win32_Account", selectors: account })
            .with("Dependent", Value::Reference { class: "Win32_LogonSession", selectors: session })
    }
}

impl Connection {
    fn instance(&self) -> Instance {
        let ((local, local_port), (remote, remote_port)) = (self.local, self.remote);
        Instance::new(&CONNECTION)
            .with("CreationTime", Value::Time(self.created))
            .with("InstanceID", format!("{local}++{local_port}++{remote}++{remote_port}").as_str())
            .with("LocalAddress", local)
            .with("LocalPort", local_port)
            .with("OffloadState", 0)
            .with("OwningProcess", self.process)
            .with("RemoteAddress", remote)
            .with("RemotePort", remote_port)
            .with("State", self.state)
    }
}
