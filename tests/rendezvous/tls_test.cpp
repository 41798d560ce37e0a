// SPDX-License-Identifier: LGPL-2.1-or-later
// wss://: trusted, not trusted, and mixed up.
#include <gio/gio.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>

#include "gst/util/gobject_ptr.h"
#include "tests/rendezvous/raw_client.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

using ::testing::HasSubstr;

template <typename T, auto Free>
using Owned = std::unique_ptr<T, GFree<T, Free>>;
struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};

/// A self-signed certificate for `names`, in files of a folder that goes away with it.
class Certificate {
 public:
  explicit Certificate(const std::string& names = "IP:127.0.0.1,DNS:localhost", long valid_from = -3600,
                       long valid_until = 3600) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rendezvous-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
    const Owned<X509, X509_free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), valid_from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_until);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    for (const auto& [kind, value] :
         {std::pair<int, std::string>{NID_subject_alt_name, names}, {NID_basic_constraints, "critical,CA:TRUE"}}) {
      const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
          X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
      X509_add_ext(certificate.get(), extension.get(), -1);
    }
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const std::unique_ptr<FILE, CloseFile> certificate_out(std::fopen(certificate_file().c_str(), "w"));
    PEM_write_X509(certificate_out.get(), certificate.get());
    const std::unique_ptr<FILE, CloseFile> key_out(std::fopen(key_file().c_str(), "w"));
    PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] std::string certificate_file() const { return folder_ + "/cert.pem"; }
  [[nodiscard]] std::string key_file() const { return folder_ + "/key.pem"; }

  [[nodiscard]] RendezvousServer::Options server() const {
    RendezvousServer::Options options;
    options.certificate_file = certificate_file();
    options.key_file = key_file();
    return options;
  }
  /// A machine that trusts this certificate.
  [[nodiscard]] GObjectPtr<GTlsDatabase> trust() const {
    return GObjectPtr<GTlsDatabase>::adopt(g_tls_file_database_new(certificate_file().c_str(), nullptr));
  }

 private:
  std::string folder_;
};

std::string secure_url(const ServerThread& server, const std::string& host = "127.0.0.1") {
  return "wss://" + host + ":" + std::to_string(server.port()) + "/room";
}

TEST(Tls, TwoClientsMeetOverWss) {
  const Certificate certificate;
  ServerThread server(certificate.server());
  const auto trust = certificate.trust();
  ASSERT_TRUE(trust);
  RendezvousOptions options;
  options.trust = trust.get();
  TestClient one(secure_url(server), options);
  EXPECT_EQ(one.next(), "joined first");
  TestClient two(secure_url(server, "localhost"), options);
  EXPECT_EQ(two.next(), "joined second");
  EXPECT_THAT(one.next(), HasSubstr("peer "));
  EXPECT_THAT(two.next(), HasSubstr("peer "));
  const std::string large(200000, 'x');
  one->send_description(large);
  EXPECT_EQ(two.next(), "description " + large);
  two.leave();
  EXPECT_EQ(one.next(), "left goodbye");
}

TEST(Tls, ACertificateThatNobodyVouchesForIsRefused) {
  const Certificate certificate;
  ServerThread server(certificate.server());
  TestClient client(secure_url(server));
  EXPECT_EQ(client.next(), "failed fatal: rendezvous \"" + secure_url(server) +
                               "\": the certificate of the server is refused, since it is signed by nobody whom this "
                               "machine trusts");
}

TEST(Tls, ACertificateForAnotherHostIsRefused) {
  const Certificate certificate("DNS:example.org");
  ServerThread server(certificate.server());
  const auto trust = certificate.trust();
  RendezvousOptions options;
  options.trust = trust.get();
  TestClient client(secure_url(server), options);
  EXPECT_THAT(client.next(), HasSubstr("it is for another host name"));
}

TEST(Tls, AnExpiredCertificateIsRefused) {
  const Certificate certificate("IP:127.0.0.1", -7200, -3600);
  ServerThread server(certificate.server());
  const auto trust = certificate.trust();
  RendezvousOptions options;
  options.trust = trust.get();
  TestClient client(secure_url(server), options);
  EXPECT_THAT(client.next(), HasSubstr("it has expired"));
}

TEST(Tls, WssToAPlainServerIsNamed) {
  ServerThread server;
  RendezvousOptions options;
  options.connect_timeout = 300ms;
  TestClient client(secure_url(server), options);
  EXPECT_THAT(client.next(), HasSubstr("what listens there does not answer in TLS"));
}

TEST(Tls, PlainWsToATlsServerIsNamed) {
  const Certificate certificate;
  ServerThread server(certificate.server());
  TestClient client(server.url());
  EXPECT_THAT(client.next(), HasSubstr("what listens there"));
}

TEST(Tls, AHandshakeThatNeverEndsIsCut) {
  const Certificate certificate;
  RendezvousServer::Limits limits;
  limits.hello_timeout = 100ms;
  ServerThread server(certificate.server(), limits);
  const Descriptor mute = connect_to(server.port());
  read_to_end(mute.get());
  const Descriptor garbage = connect_to(server.port());
  write_all(garbage.get(), "GET / HTTP/1.1\r\n\r\n");
  read_to_end(garbage.get());
}

TEST(Tls, ACertificateThatCannotBeReadIsNamed) {
  RendezvousServer::Options options;
  options.certificate_file = "/nonexistent/cert.pem";
  options.key_file = "/nonexistent/key.pem";
  ServerThread server(options);
  EXPECT_THAT(server.events().next(), HasSubstr("the certificate \"/nonexistent/cert.pem\""));
}

TEST(Tls, AKeyOfAnotherCertificateIsNotServedWith) {
  const Certificate certificate;
  const Certificate other;
  auto options = certificate.server();
  options.key_file = other.key_file();
  ServerThread server(options);
  const auto trust = certificate.trust();
  RendezvousOptions client_options;
  client_options.trust = trust.get();
  if (server.port() != 0) {
    TestClient client(secure_url(server), client_options);
    EXPECT_THAT(client.next(), HasSubstr("failed fatal"));
  } else {
    EXPECT_THAT(server.events().next(), HasSubstr("cannot be used"));
  }
}

}  // namespace
}  // namespace gstice::testing
