#include <string>
#include <utility>

#include "client_impl.h"
#include "turnpike/client/client.h"
#include "wire.h"

namespace turnpike::client {
namespace {

std::string target_of(const std::string& reservation, const char* step) {
    return "/v1/usage/reservations/" + percent_encoded(reservation) + step;
}

/// Of a commit or a release: refusals that are answers, too.
Result<EndAnswer> ended(Result<HttpAnswer> answer) {
    if (answer) return read_ended(*answer);
    if (const auto outcome = refused_end(answer.error()))
        return EndAnswer{*outcome, {}, std::move(answer).error().message};
    return std::move(answer).error();
}

}  // namespace

Result<ReserveAnswer> Client::reserve(const ReserveRequest& request) {
    const ReserveRequest sent = named(request, impl_->source());
    const auto body = write_reserve(sent);
    if (!body) return body.error();
    auto answer = impl_->call({HttpCall::Method::Post, "/v1/usage/reserve", *body});
    if (!answer)
        if (auto denied = denied_standing(answer.error(), sent.customer))
            return denied_reserve(*std::move(denied));
    auto reserved =
        answer ? read_reserved(*answer) : Result<ReserveAnswer>(std::move(answer).error());
    if (!reserved) reserved.error().event_ids = {sent.id};
    return reserved;
}

Result<EndAnswer> Client::commit(const std::string& reservation, const std::string& quantity,
                                 const std::map<std::string, std::string>& properties) {
    const auto body = write_commit(quantity, properties);
    if (!body) return body.error();
    return ended(impl_->call({HttpCall::Method::Post, target_of(reservation, "/commit"), *body}));
}

Result<EndAnswer> Client::release(const std::string& reservation) {
    return ended(impl_->call({HttpCall::Method::Post, target_of(reservation, "/release"), "{}"}));
}

}  // namespace turnpike::client
