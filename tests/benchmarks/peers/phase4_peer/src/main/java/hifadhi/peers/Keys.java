package hifadhi.peers;

import com.helger.phase4.crypto.AS4CryptoFactoryInMemoryKeyStore;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** The keys that `keys.py` made. */
final class Keys {
  private static final char[] PASSWORD = "benchmark".toCharArray();

  private Keys() {}

  /** A party's own key, and the anchor that it trusts. */
  static IAS4CryptoFactory of(final Path folder, final String name) throws Exception {
    return new AS4CryptoFactoryInMemoryKeyStore(
        store(folder.resolve(name + ".p12")), name, PASSWORD, store(folder.resolve("anchor.p12")));
  }

  static X509Certificate certificate(final Path folder, final String name) throws Exception {
    try (InputStream pem = Files.newInputStream(folder.resolve(name + ".pem"))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
    }
  }

  private static KeyStore store(final Path file) throws Exception {
    final KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream bytes = Files.newInputStream(file)) {
      store.load(bytes, PASSWORD);
    }
    return store;
  }
}
