# Own pages, Spanish.

error-title = Error: { $title }
support-label = ¿Necesita ayuda?
account-label = Cuenta:
request-label = Número de la solicitud:
password-label = Contraseña
code-label = Código
continue = Continuar
sign-in-again = Iniciar sesión de nuevo
your-account = Su sesión
to-the-start = Ir a la página de inicio

sign-in-title = Iniciar sesión
sign-in-name = Nombre de usuario o correo electrónico
sign-in-wrong = El nombre de usuario o la contraseña no son correctos.
sign-in-forgotten = ¿Ha olvidado su contraseña? Pida una nueva a un administrador.

arrived-title = Su navegador no ha guardado la sesión
arrived-text = Sus datos eran correctos, pero la cookie que mantiene su sesión no ha vuelto.
arrived-do = Permita las cookies de este sitio, o use una ventana que las guarde, e inicie sesión de nuevo.

gone-title = Este inicio de sesión ha terminado
gone-text = Ha caducado, se completó en otra pestaña o su navegador no envió su cookie.
gone-do = Inicie sesión de nuevo. Si vuelve esta página, permita las cookies de este sitio.

ended-title = Demasiados códigos incorrectos
ended-text = Este inicio de sesión se ha cerrado para proteger la cuenta.
ended-do = Compruebe que el reloj de su dispositivo se ajusta automáticamente y vuelva a iniciar sesión.

challenge-title = Introduzca su código
challenge-lead = Abra su aplicación de autenticación e introduzca los { $digits } dígitos que muestra para esta cuenta.
challenge-time = Tiene diez minutos. Después, inicie sesión de nuevo.
challenge-lost-title = ¿Ha perdido su aplicación de autenticación?
challenge-lost-reset = Pida a un administrador que restablezca su autenticación multifactor. La configurará de nuevo en su próximo inicio de sesión.
challenge-lost-support = Si ningún administrador puede ayudarle, pregunte a soporte:
code-wrong =
    { $left ->
        [one] El código no es correcto. Le queda { $left } intento.
       *[other] El código no es correcto. Le quedan { $left } intentos.
    }
code-used =
    { $left ->
        [one] Este código ya se ha usado. Espere al siguiente. Le queda { $left } intento.
       *[other] Este código ya se ha usado. Espere al siguiente. Le quedan { $left } intentos.
    }

set-up-title = Configurar la autenticación multifactor
set-up-lead = Desde ahora, para iniciar sesión hacen falta su contraseña y un código de una aplicación.
set-up-password-lead = Introduzca su contraseña una vez más, para que nadie pueda configurarlo por usted.
set-up-password-wrong = La contraseña no es correcta.
set-up-app-title = Consiga una aplicación de autenticación
set-up-apps = Las habituales son Google Authenticator, Microsoft Authenticator, Authy, 1Password y Bitwarden. Sirve cualquier aplicación de códigos basados en el tiempo.
set-up-apps-computer = Las dos últimas funcionan también en un ordenador. La aplicación no necesita red para crear los códigos.
set-up-scan-title = Escanee el código QR con la aplicación
set-up-qr = Código QR; si no, use la clave de abajo
set-up-key = O introduzca esta clave en la aplicación:
set-up-open = O ábralo en una aplicación de este dispositivo
set-up-secret = No los muestre a nadie. Solo se ven hasta que termine.
set-up-confirm-title = Introduzca un código
set-up-confirm = Introduzca los { $digits } dígitos que la aplicación muestra ahora.
set-up-button = Activar
set-up-next-title = Qué pasa después
set-up-next = Cuando el código sea correcto, la autenticación multifactor quedará activada y usted seguirá adonde iba. Los demás navegadores en los que tiene sesión pedirán un código en su próxima solicitud.
set-up-time = Tiene diez minutos. Después, empiece de nuevo.
already-on-title = Ya está activada
already-on-text = La autenticación multifactor ya está activada. Desactívela primero para configurarla de nuevo.
not-offered-title = No hay nada que configurar
not-offered-text = Por ahora no se ofrece la autenticación multifactor a su cuenta.

index-title = Su sesión
index-mfa-on = La autenticación multifactor está activada.
index-mfa-off = La autenticación multifactor no está activada.
sign-out-title = Cerrar sesión
sign-out-here = Cerrar sesión aquí
sign-out-here-note = Termina su sesión en este navegador.
sign-out-everywhere = Cerrar sesión en todas partes
sign-out-everywhere-note = Termina su sesión en todos los navegadores y dispositivos.
signed-out-title = Ha cerrado la sesión
signed-out-text = Nadie tiene sesión iniciada en este sitio en este navegador.

denied-title = No puede abrir esto
denied-rule = La regla «{ $rule }» lo rechaza.
denied-default = Ninguna regla lo permite.
denied-exempt = Se pide un segundo factor y su cuenta está exenta de la autenticación multifactor.
denied-origin = La solicitud no vino de una página de este sitio.
denied-do = Si lo necesita, pregunte a un administrador e indique la regla y el número de la solicitud.

fault-title = Ahora no se pueden comprobar las sesiones
fault-text = El fallo es nuestro. No se ha dejado pasar nada y su sesión sigue abierta.
fault-do = Inténtelo de nuevo dentro de unos segundos.

status-400-title = No se ha entendido la solicitud
status-400-text = Vuelva atrás, cargue la página de nuevo y repita el paso.
status-403-title = Desde aquí no
status-403-text = Esta página solo responde cuando usted mismo la abre, y sus formularios solo cuando se envían desde ella. Vuelva atrás, cargue la página de nuevo y repita el paso.
status-404-title = No existe esa página
status-404-text = Compruebe la dirección o vaya a la página de inicio.
status-405-title = Esto no funciona aquí
status-405-text = La dirección no acepta solicitudes de este tipo.
status-413-title = Demasiado grande
status-413-text = Lo enviado es mayor de lo que aquí se acepta.
status-415-title = No es un formulario
status-415-text = La página solo acepta su propio formulario.
status-502-title = No se puede llegar a la aplicación
status-502-text = Su sesión sigue abierta. Inténtelo de nuevo dentro de unos minutos.
status-504-title = La aplicación no ha respondido a tiempo
status-504-text = Su sesión sigue abierta. Inténtelo de nuevo dentro de unos minutos.
