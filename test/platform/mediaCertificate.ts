/**
 * What the media host of the tests proves itself with: made for this purpose alone, with OpenSSL 3.0
 * (`openssl ca -selfsign`), for cdn.example.com and test-env.tcb.qcloud.la, from 2020 until 2120. It signs
 * itself, so it is also the authority to trust.
 */
export const MEDIA_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIBATAKBggqhkjOPQQDAjAiMSAwHgYDVQQDDBdtZWRpYSBo
b3N0IG9mIHRoZSB0ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAw
MFowIjEgMB4GA1UEAwwXbWVkaWEgaG9zdCBvZiB0aGUgdGVzdHMwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAARTzEZ9ig6AB2qP+FXSu2Hfr6RAjMP/7/IG4WAfPCSO
64sRJlcUgAqXEV+ERzQ7wS31/PsbN3cFzAySFhOC5FGHo2YwZDAPBgNVHRMBAf8E
BTADAQH/MDIGA1UdEQQrMCmCD2Nkbi5leGFtcGxlLmNvbYIWdGVzdC1lbnYudGNi
LnFjbG91ZC5sYTAdBgNVHQ4EFgQUB+oRzVxBWoyIIG2V9SsrUvdl+XIwCgYIKoZI
zj0EAwIDSAAwRQIhANApq9KaMfsdFL9LUfYHNtVeF5D+RGERqm81PBP012hwAiBT
tUDVwAgcZPBlMQdOEqeSg0u8W8QmhFrdUVSfOUvbZA==
-----END CERTIFICATE-----`

export const MEDIA_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVPc7ygtPzLohzgbu
4V5hYNyHCaaj8FE4hltEda9XlcehRANCAARTzEZ9ig6AB2qP+FXSu2Hfr6RAjMP/
7/IG4WAfPCSO64sRJlcUgAqXEV+ERzQ7wS31/PsbN3cFzAySFhOC5FGH
-----END PRIVATE KEY-----`
