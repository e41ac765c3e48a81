package hifadhi.peers;

import com.helger.http.EHttpMethod;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import com.helger.phase4.incoming.AS4RequestHandler;
import com.helger.phase4.servlet.AS4UnifiedResponse;
import com.helger.phase4.servlet.AS4XServletHandler;
import com.helger.phase4.servlet.IAS4ServletRequestHandlerCustomizer;
import com.helger.web.scope.IRequestWebScopeWithoutResponse;
import com.helger.web.scope.mgr.WebScopeManager;
import com.helger.xservlet.AbstractXServlet;
import com.helger.xservlet.requesttrack.RequestTrackerSettings;
import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The receiving access point: {@code Receiver KEYS STORE}. It says its URL in its first line. */
public final class Receiver {
  private Receiver() {}

  public static void main(final String[] arguments) throws Exception {
    Quiet.begin();
    final IAS4CryptoFactory keys = Keys.of(Path.of(arguments[0]), "receiver");
    Store.folder = Path.of(arguments[1]);
    final ServletContextHandler context = new ServletContextHandler("/");
    begin(context.getServletContext());
    context.addServlet(new ServletHolder(new AccessPoint(keys)), "/as4");
    final Server server = new Server();
    final ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(context);
    server.start();
    System.out.println("http://127.0.0.1:" + connector.getLocalPort() + "/as4");
    server.join();
  }

  /** What phase4 wants to have begun before there is a servlet. */
  private static void begin(final ServletContext context) {
    RequestTrackerSettings.setLongRunningRequestsCheckEnabled(false);
    RequestTrackerSettings.setParallelRunningRequestsCheckEnabled(false);
    WebScopeManager.onGlobalBegin(context);
    Mode.register();
  }

  /** phase4's own handler with the receiver's key. */
  private static final class AccessPoint extends AbstractXServlet {
    AccessPoint(final IAS4CryptoFactory keys) {
      settings().setMultipartEnabled(false);
      final AS4XServletHandler handler = new AS4XServletHandler();
      handler.setRequestHandlerCustomizer(
          new IAS4ServletRequestHandlerCustomizer() {
            @Override
            public void customizeBeforeHandling(
                final IRequestWebScopeWithoutResponse scope,
                final AS4UnifiedResponse response,
                final AS4RequestHandler requests) {
              requests.setCryptoFactory(keys);
            }

            @Override
            public void customizeAfterHandling(
                final IRequestWebScopeWithoutResponse scope,
                final AS4UnifiedResponse response,
                final AS4RequestHandler requests) {}
          });
      handlerRegistry().registerHandler(EHttpMethod.POST, handler);
    }
  }
}
