#include "http/cloud_metadata.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike::http {
namespace {

/// Link-local, AWS's and Google's in IPv6, Alibaba's, Oracle's and Azure's. Azure's is a public
/// address that leads nowhere but inside.
constexpr std::string_view kMetadataNetworks =
    "169.254.0.0/16, fe80::/10, fd00:ec2::/32, fd20:ce::/32, 100.100.100.200, 192.0.0.192, "
    "168.63.129.16";
/// First labels of names inside, and whole names outside.
constexpr auto kMetadataLabels = std::to_array<std::string_view>({"metadata", "instance-data"});
constexpr auto kMetadataNames =
    std::to_array<std::string_view>({"metadata.goog", "metadata.tencentyun.com"});

Networks metadata_networks() {
    auto networks = Networks::parse(kMetadataNetworks);
    check(networks.has_value(), "a built-in list of networks parses");
    return *std::move(networks);
}

}  // namespace

bool is_cloud_metadata(const Address& address) {
    static const Networks kClosed = metadata_networks();
    return kClosed.contain(address);
}

bool is_cloud_metadata(std::string_view host) {
    const auto label = host.substr(0, host.find('.'));
    const bool is_inside = label == host || host.ends_with(".internal");
    const bool has_label = std::ranges::find(kMetadataLabels, label) != kMetadataLabels.end();
    return (is_inside && has_label) ||
           std::ranges::find(kMetadataNames, host) != kMetadataNames.end();
}

}  // namespace turnpike::http
