package hifadhi.peers;

import com.helger.base.state.ETriState;
import com.helger.phase4.CAS4;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSign;
import com.helger.phase4.crypto.ECryptoAlgorithmSignDigest;
import com.helger.phase4.incoming.mgr.AS4ProfileSelector;
import com.helger.phase4.mgr.MetaAS4Manager;
import com.helger.phase4.model.EMEP;
import com.helger.phase4.model.EMEPBinding;
import com.helger.phase4.model.pmode.IPModeIDProvider;
import com.helger.phase4.model.pmode.PMode;
import com.helger.phase4.model.pmode.PModeParty;
import com.helger.phase4.model.pmode.PModeReceptionAwareness;
import com.helger.phase4.model.pmode.leg.EPModeSendReceiptReplyPattern;
import com.helger.phase4.model.pmode.leg.PModeLeg;
import com.helger.phase4.model.pmode.leg.PModeLegBusinessInformation;
import com.helger.phase4.model.pmode.leg.PModeLegErrorHandling;
import com.helger.phase4.model.pmode.leg.PModeLegProtocol;
import com.helger.phase4.model.pmode.leg.PModeLegReliability;
import com.helger.phase4.model.pmode.leg.PModeLegSecurity;
import com.helger.phase4.profile.AS4Profile;
import com.helger.phase4.wss.EWSSVersion;

/** How the two parties exchange: one-way push, signed and encrypted as AS4 eDelivery asks, with a signed receipt. */
final class Mode {
  static final String PROFILE = "hifadhi-benchmark";
  static final String SERVICE = "urn:hifadhi:benchmark";
  // Not the action of a test: phase4 shows those to nobody.
  static final String ACTION = "urn:hifadhi:benchmark:deliver";
  static final String AGREEMENT = "urn:hifadhi:benchmark:agreement";

  private Mode() {}

  /** Make it the process's default. The profile's own module (phase4-profile-cef) only adds checks to this. */
  static void register() {
    final IPModeIDProvider ids = IPModeIDProvider.DEFAULT_DYNAMIC;
    MetaAS4Manager.getProfileMgr()
        .registerProfile(
            new AS4Profile(
                PROFILE, PROFILE, () -> null, (from, to, url) -> between(from, to, url, ids), ids, false, false));
    AS4ProfileSelector.setCustomDefaultAS4ProfileID(PROFILE);
  }

  static PMode between(final String from, final String to, final String url, final IPModeIDProvider ids) {
    final PModeParty initiator = PModeParty.createSimple(from, CAS4.DEFAULT_INITIATOR_URL);
    final PModeParty responder = PModeParty.createSimple(to, CAS4.DEFAULT_RESPONDER_URL);
    final PModeLeg leg =
        new PModeLeg(
            PModeLegProtocol.createForDefaultSoapVersion(url),
            PModeLegBusinessInformation.create(SERVICE, ACTION, null, CAS4.DEFAULT_MPC_ID),
            (PModeLegErrorHandling) null,
            (PModeLegReliability) null,
            security());
    return new PMode(
        ids.getPModeID(initiator, responder),
        initiator,
        responder,
        AGREEMENT,
        EMEP.ONE_WAY,
        EMEPBinding.PUSH,
        leg,
        null,
        null,
        new PModeReceptionAwareness(ETriState.TRUE, ETriState.FALSE, 0, 0, ETriState.TRUE));
  }

  private static PModeLegSecurity security() {
    final PModeLegSecurity security = new PModeLegSecurity();
    security.setWSSVersion(EWSSVersion.WSS_111);
    security.setX509SignatureAlgorithm(ECryptoAlgorithmSign.RSA_SHA_256);
    security.setX509SignatureHashFunction(ECryptoAlgorithmSignDigest.DIGEST_SHA_256);
    security.setX509EncryptionAlgorithm(ECryptoAlgorithmCrypt.AES_128_GCM);
    security.setX509EncryptionMinimumStrength(128);
    security.setSendReceipt(true);
    security.setSendReceiptNonRepudiation(true);
    security.setSendReceiptReplyPattern(EPModeSendReceiptReplyPattern.RESPONSE);
    return security;
  }
}
