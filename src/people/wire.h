#pragma once

#include <optional>
#include <string>

#include "access/sessions.h"
#include "base/error.h"
#include "json/json.h"
#include "people/user.h"
#include "people/users.h"

namespace turnpike {

inline constexpr std::size_t kPersonNameMax = 200;

struct SignUpBody {
    std::string email, password;
    std::optional<std::string> name;
    bool cookie = false;
    std::optional<std::string> invitation;  ///< the token of one
};
/// All of these: shapes only. Errors: InvalidArgument "request.invalid_body".
Result<SignUpBody> read_sign_up(const Json& body);
struct LoginBody {
    std::string email, password;
    bool cookie = false;
};
Result<LoginBody> read_login(const Json& body);
struct PasswordBody {
    std::string current_password, new_password;
    bool cookie = false;
};
Result<PasswordBody> read_password_change(const Json& body);
Result<std::string> read_reset_request(const Json& body);  ///< the e-mail
struct ResetBody {
    std::string token, password;
};
Result<ResetBody> read_reset(const Json& body);
/// The one text member that the body has.
Result<std::string> read_only_member(const Json& body, const char* name);

Json write_user(const User& user);
/// \param current  that of the request, if any
Json write_session(const Session& session, const std::optional<SessionId>& current);

}  // namespace turnpike
