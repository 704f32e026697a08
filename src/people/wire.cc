#include "people/wire.h"

#include <utility>

#include "json/object_reader.h"
#include "json/write.h"
#include "people/password_rules.h"

namespace turnpike {
namespace {

constexpr ObjectReader::Text kEmailText{.length_min = 1, .length_max = 254};
/// Too short and too weak ones are refused by the rule, in its own words.
constexpr ObjectReader::Text kPasswordText{.length_min = 1, .length_max = kPasswordBytesMax};
constexpr ObjectReader::Text kTokenText{.length_min = 1, .length_max = 100};

}  // namespace

Result<SignUpBody> read_sign_up(const Json& body) {
    ObjectReader fields(body);
    SignUpBody wanted;
    wanted.email = fields.required_text("email", kEmailText);
    wanted.password = fields.required_text("password", kPasswordText);
    wanted.name =
        fields.optional_free_text("name", {.length_min = 1, .length_max = kPersonNameMax});
    wanted.invitation = fields.optional_text("invitation");
    wanted.cookie = fields.optional_boolean("cookie").value_or(false);
    return fields.finish(std::move(wanted));
}

Result<LoginBody> read_login(const Json& body) {
    ObjectReader fields(body);
    LoginBody wanted;
    wanted.email = fields.required_text("email", kEmailText);
    wanted.password = fields.required_text("password", kPasswordText);
    wanted.cookie = fields.optional_boolean("cookie").value_or(false);
    return fields.finish(std::move(wanted));
}

Result<PasswordBody> read_password_change(const Json& body) {
    ObjectReader fields(body);
    PasswordBody wanted;
    wanted.current_password = fields.required_text("current_password", kPasswordText);
    wanted.new_password = fields.required_text("password", kPasswordText);
    wanted.cookie = fields.optional_boolean("cookie").value_or(false);
    return fields.finish(std::move(wanted));
}

Result<std::string> read_reset_request(const Json& body) {
    ObjectReader fields(body);
    auto email = fields.required_text("email", kEmailText);
    return fields.finish(std::move(email));
}

Result<ResetBody> read_reset(const Json& body) {
    ObjectReader fields(body);
    ResetBody wanted;
    wanted.token = fields.required_text("token", kTokenText);
    wanted.password = fields.required_text("password", kPasswordText);
    return fields.finish(std::move(wanted));
}

Result<std::string> read_only_member(const Json& body, const char* name) {
    ObjectReader fields(body);
    auto text = fields.required_text(name, kTokenText);
    return fields.finish(std::move(text));
}

Json write_user(const User& user) {
    Json json;
    json["id"] = user.id.text();
    json["object"] = "user";
    json["external_id"] = user.external_id;
    json["email"] = write_optional(user.email);
    json["name"] = write_optional(user.name);
    json["is_superuser"] = user.is_superuser;
    json["is_active"] = is_active(user);
    json["has_password"] = user.has_password;
    json["created_at"] = format_rfc3339(user.created_at);
    json["last_seen_at"] = write_instant(user.last_seen_at);
    return json;
}

Json write_session(const Session& session, const std::optional<SessionId>& current) {
    Json json;
    json["id"] = session.id.text();
    json["object"] = "session";
    json["current"] = session.id == current;
    json["peer"] = session.peer;
    json["user_agent"] = session.user_agent;
    json["created_at"] = format_rfc3339(session.created_at);
    json["last_used_at"] = format_rfc3339(session.last_used_at);
    json["expires_at"] = format_rfc3339(end_of(session));
    return json;
}

}  // namespace turnpike
