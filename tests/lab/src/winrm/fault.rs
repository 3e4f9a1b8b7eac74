//! Faults of WS-Management (DSP0226 §14) with the codes and words of Windows (`wsmerror.h`).

use super::xml::escape;
use super::{
    ADDRESSING, ANONYMOUS, ENUMERATION, EVENTING, FAULT_DETAIL, MICROSOFT, SOAP, TRANSFER, WSMAN, WSMAN_FAULT,
};
use crate::identifier;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    action: Action,
    /// SOAP's own code, without prefix.
    code: &'static str,
    /// With prefix; nothing where SOAP's code says all.
    subcode: Option<&'static str>,
    /// Last segment of the fault detail's URI.
    detail: Option<&'static str>,
    /// Windows' own code.
    number: u32,
    reason: &'static str,
    /// What the WMI provider says, where it is the one that refuses.
    provider: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Addressing,
    Management,
    Enumeration,
}

const fn sender(action: Action, subcode: &'static str, number: u32, reason: &'static str) -> Fault {
    Fault { action, code: "Sender", subcode: Some(subcode), detail: None, number, reason, provider: None }
}

impl Fault {
    pub(crate) const VERSION_MISMATCH: Fault = Fault {
        action: Action::Addressing,
        code: "VersionMismatch",
        subcode: None,
        detail: None,
        number: 2_150_858_765,
        reason: "The WS-Management service does not support the SOAP version specified in the request. ",
        provider: None,
    };
    pub(crate) const MUST_UNDERSTAND: Fault = Fault {
        action: Action::Addressing,
        code: "MustUnderstand",
        subcode: None,
        detail: None,
        number: 2_150_858_768,
        reason: "The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand \
                 by the client.  This could be caused by the use of a version of the protocol which is not supported, or \
                 may be an incompatibility  between the client and server implementations. ",
        provider: None,
    };
    pub(crate) const INVALID_XML: Fault = sender(
        Action::Management,
        "w:SchemaValidationError",
        2_150_858_819,
        "The WS-Management service cannot process the request because the XML is invalid. ",
    );
    pub(crate) const SCHEMA: Fault = sender(
        Action::Management,
        "w:SchemaValidationError",
        2_150_858_817,
        "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry. ",
    );
    pub(crate) const ENCODING: Fault = sender(
        Action::Management,
        "w:EncodingLimit",
        2_150_858_828,
        "The WS-Management service does not support the character set used in the request. Change the request to use \
         UTF-8 or UTF-16. ",
    )
    .detailed("CharacterSet");
    pub(crate) const HEADER_REQUIRED: Fault = sender(
        Action::Addressing,
        "a:MessageInformationHeaderRequired",
        2_150_858_769,
        "The WS-Management service cannot process the request. The request does not have all the expected SOAP headers. ",
    );
    pub(crate) const HEADER_INVALID: Fault = sender(
        Action::Addressing,
        "a:InvalidMessageInformationHeader",
        2_150_858_767,
        "The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers. ",
    );
    pub(crate) const ACTION: Fault = sender(
        Action::Addressing,
        "a:ActionNotSupported",
        2_150_858_771,
        "The WS-Management service does not support the action specified in the request. ",
    );
    pub(crate) const RESOURCE_URI: Fault = sender(
        Action::Addressing,
        "a:DestinationUnreachable",
        2_150_858_811,
        "The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect \
         format. Check the documentation or use the following command for information on how to construct a resource \
         URI: \"winrm help uris\". ",
    )
    .detailed("InvalidResourceURI");
    pub(crate) const RESOURCE_NOT_FOUND: Fault = Fault {
        detail: Some("InvalidResourceURI"),
        provider: Some(NOT_FOUND),
        ..sender(Action::Addressing, "a:DestinationUnreachable", 2_150_858_752, NOT_FOUND)
    };
    pub(crate) const SELECTORS_INSUFFICIENT: Fault = sender(
        Action::Management,
        "w:InvalidSelectors",
        2_150_858_842,
        "The WS-Management service cannot process the request because the request did not contain all required \
         selectors. ",
    )
    .detailed("InsufficientSelectors");
    pub(crate) const SELECTORS_UNEXPECTED: Fault = sender(
        Action::Management,
        "w:InvalidSelectors",
        2_150_858_843,
        "The WS-Management service cannot process the request because the request contained invalid selectors for the \
         resource. ",
    )
    .detailed("UnexpectedSelectors");
    pub(crate) const SELECTORS_DUPLICATE: Fault = sender(
        Action::Management,
        "w:InvalidSelectors",
        2_150_858_847,
        "The WS-Management service cannot process the request because the request contains duplicate selectors. ",
    )
    .detailed("DuplicateSelectors");
    pub(crate) const ENVELOPE_TOO_SMALL: Fault = sender(
        Action::Management,
        "w:EncodingLimit",
        2_150_858_805,
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal \
         encoding limit. Reconfigure the client to send messages which fit the encoding limits of the service. ",
    )
    .detailed("MinimumEnvelopeLimit");
    pub(crate) const ENVELOPE_TOO_LARGE: Fault = sender(
        Action::Management,
        "w:EncodingLimit",
        2_150_858_823,
        "The maximum envelope size in the request is too large. Change the maximum envelope size and try the request \
         again.  ",
    )
    .detailed("MaxEnvelopeSize");
    pub(crate) const ENVELOPE_EXCEEDED: Fault = sender(
        Action::Management,
        "w:EncodingLimit",
        2_150_858_824,
        "The response that the WS-Management service computed exceeds the maximum envelope size in the request. ",
    )
    .detailed("MaxEnvelopeSizeExceeded");
    pub(crate) const QUOTA: Fault = sender(
        Action::Management,
        "w:QuotaLimit",
        2_150_858_815,
        "The WS-Management service is busy servicing other requests. Retry later. ",
    );
    pub(crate) const FILTER_DIALECT: Fault = sender(
        Action::Enumeration,
        "n:FilterDialectRequestedUnavailable",
        2_150_858_777,
        "The filter dialect (the type associated with the filter) was not supported for this resource. Change the \
         filter dialect or remove it from the request and try the request again. ",
    );
    pub(crate) const FILTER: Fault =
        sender(Action::Enumeration, "n:CannotProcessFilter", 2_150_858_778, CANNOT_FILTER);
    /// The filter names a class or column that is not there.
    pub(crate) const FILTER_CLASS: Fault = Fault {
        provider: Some("The specified class does not exist in the given namespace. "),
        ..Fault::FILTER
    };
    pub(crate) const CONTEXT: Fault = Fault {
        code: "Receiver",
        ..sender(
            Action::Enumeration,
            "n:InvalidEnumerationContext",
            2_150_858_779,
            "The WS-Enumeration context in the enumeration is not valid. Enumeration may have been completed or \
             canceled. You cannot use this enumeration context anymore. Start a new enumeration. ",
        )
    };

    /// For what WS-Management allows a service to leave out; `detail` names it as DSP0226 does.
    pub(crate) const fn unsupported(detail: &'static str) -> Fault {
        sender(
            Action::Management,
            "w:UnsupportedFeature",
            2_150_858_818,
            "The WS-Management service does not support the specified feature. Remove the unsupported feature from the \
             request and retry. ",
        )
        .detailed(detail)
    }

    const fn detailed(mut self, detail: &'static str) -> Fault {
        self.detail = Some(detail);
        self
    }

    /// The envelope of this fault, in answer to the message with this identifier, from this machine.
    pub(crate) fn envelope(&self, relates_to: Option<&str>, machine: &str) -> String {
        let action = match self.action {
            Action::Addressing => "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
            Action::Management => "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
            Action::Enumeration => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault",
        };
        let relates =
            relates_to.map_or(String::new(), |id| format!("<a:RelatesTo>{}</a:RelatesTo>", escape(id)));
        let subcode = self
            .subcode
            .map_or(String::new(), |subcode| format!("<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode>"));
        let detail = self.detail.map_or(String::new(), |detail| {
            format!("<w:FaultDetail>{FAULT_DETAIL}/{detail}</w:FaultDetail>")
        });
        let reason = escape(self.reason);
        let (number, code) = (self.number, self.code);
        let message = match self.provider {
            None => reason.clone().into_owned(),
            Some(said) => format!(
                "<f:ProviderFault provider=\"WMI Provider\" path=\"%systemroot%\\system32\\WsmWmiPl.dll\"><f:WSManFault \
                 xmlns:f=\"{WSMAN_FAULT}\" Code=\"{number}\" Machine=\"{machine}\"><f:Message>{}</f:Message>\
                 </f:WSManFault></f:ProviderFault>",
                escape(said)
            ),
        };
        format!(
            "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\" xmlns:x=\"{TRANSFER}\" \
             xmlns:e=\"{EVENTING}\" xmlns:n=\"{ENUMERATION}\" xmlns:w=\"{WSMAN}\" xmlns:p=\"{MICROSOFT}\"><s:Header>\
             <a:Action>{action}</a:Action><a:MessageID>{id}</a:MessageID><a:To>{ANONYMOUS}</a:To>{relates}</s:Header>\
             <s:Body><s:Fault><s:Code><s:Value>s:{code}</s:Value>{subcode}</s:Code><s:Reason><s:Text \
             xml:lang=\"en-US\">{reason}</s:Text></s:Reason><s:Detail>{detail}<f:WSManFault xmlns:f=\"{WSMAN_FAULT}\" \
             Code=\"{number}\" Machine=\"{machine}\"><f:Message>{message}</f:Message></f:WSManFault></s:Detail></s:Fault>\
             </s:Body></s:Envelope>",
            id = identifier::uuid(),
        )
    }
}

const NOT_FOUND: &str = "The WS-Management service cannot process the request. The service cannot find the resource \
                         identified by the resource URI and selectors. ";
const CANNOT_FILTER: &str = "The data source could not process the filter. The filter might be missing or it might be \
                             invalid. Change the filter and try the request again.  ";
