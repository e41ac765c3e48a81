package hifadhi.peers;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Only what is severe is written, as for slf4j in simplelogger.properties. */
final class Quiet {
  // Kept: a logger that nobody holds forgets its level.
  private static final Logger ROOT = Logger.getLogger("");

  private Quiet() {}

  /** The JDK's signature classes warn of each attachment that its transform reads it by itself. */
  static void begin() {
    ROOT.setLevel(Level.SEVERE);
  }
}
